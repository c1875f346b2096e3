"""Strategies into the roster and out of it: one or many, each with a confirmation and a reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ui.desk_answers import Accepted
from ui.panel import Action, View, action_button
from ui.strategy_answers import Strategy

__all__ = ["roster_buttons"]

_MOST_LISTED = 5


@dataclass(frozen=True, slots=True)
class _Step:
    """A step in the roster, in the reader's words."""

    button: str
    title: str
    explanation: str
    impossible: str
    possible: Callable[[Strategy], bool]
    typed: str | None = None


def roster_buttons(view: View, chosen: Sequence[Strategy], key: str) -> None:
    """Draw buttons that enable, disable and retire strategies.

    Parameters
    ----------
    view : View
        For whom.
    chosen : sequence of Strategy
        Up to 500; those of them that a step is not open to are left alone.
    key : str
        Of the place.
    """
    for name, step in _steps(view, chosen).items():
        able = [each for each in chosen if step.possible(each)]
        unavailable = "" if able else step.impossible if chosen else view.text("strategies.choose_first")
        action_button(view, step.button, _action(view, name, step, able), f"{key}.{name}", unavailable=unavailable)


def _steps(view: View, chosen: Sequence[Strategy]) -> Mapping[str, _Step]:
    text = view.text

    def counted(possible: Callable[[Strategy], bool]) -> str:
        return view.number(sum(possible(each) for each in chosen))

    return {
        "enable": _Step(
            text("strategies.enable"),
            text("strategies.enable_title", n=counted(_may_be_enabled)),
            text("strategies.enable_what"),
            text("strategies.enable_none"),
            _may_be_enabled,
        ),
        "disable": _Step(
            text("strategies.disable"),
            text("strategies.disable_title", n=counted(_may_be_disabled)),
            text("strategies.disable_what"),
            text("strategies.disable_none"),
            _may_be_disabled,
        ),
        "retire": _Step(
            text("strategies.retire"),
            text("strategies.retire_title", n=counted(_may_be_retired)),
            text("strategies.retire_what"),
            text("strategies.retire_none"),
            _may_be_retired,
            typed="RETIRE",
        ),
    }


def _may_be_enabled(strategy: Strategy) -> bool:
    return not strategy.enabled and strategy.state in ("candidate", "enabled", "retired")


def _may_be_disabled(strategy: Strategy) -> bool:
    return strategy.enabled and strategy.state == "enabled"


def _may_be_retired(strategy: Strategy) -> bool:
    return strategy.state == "enabled"


def _action(view: View, name: str, step: _Step, able: Sequence[Strategy]) -> Callable[[], Action]:
    def call(reason: str, key: str) -> Accepted:
        desk = view.patient_client
        if len(able) == 1:  # of one it is known which version was looked at
            return desk.command_strategies(name, able[0].id, reason, version=able[0].version, key=key)
        return desk.command_strategies(name, [each.id for each in able], reason, key=key)

    def action() -> Action:
        return Action(
            title=step.title,
            explanation=step.explanation,
            call=call,
            button=step.button,
            typed=step.typed,
            listed=_listed(view, name, able),
        )

    return action


def _listed(view: View, name: str, able: Sequence[Strategy]) -> tuple[str, ...]:
    """Say which strategies these are, and how many of those to enable lack evidence."""
    lines = [
        view.text(
            "strategies.listed",
            type=view.word("type", each.type),
            market=f"{each.symbol} {each.timeframe}",
            id=each.id,
            grade=each.grade,
        )
        for each in able[:_MOST_LISTED]
    ]
    if len(able) > _MOST_LISTED:
        lines.append(view.text("strategies.listed_more", n=view.number(len(able) - _MOST_LISTED)))
    unproven = sum(each.grade != "A" for each in able)
    if name == "enable" and unproven:
        lines.append(view.text("strategies.enable_unproven", n=view.number(unproven)))
    return tuple(lines)

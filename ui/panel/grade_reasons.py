"""Why a strategy has no better grade, in the reader's language: the desk says it in English."""

import re

from ui.panel.view import View

__all__ = ["reason_words"]

_GRADED = re.compile(r"(?P<grade>[ABC]): (?P<rest>.+)")
_OBSTACLES = {
    "oos_trades": re.compile(r"(?:(?P<value>\S+) )?out-of-sample trades, needs (?P<needed>\S+)"),
    "oos_scs": re.compile(r"out-of-sample score(?: (?P<value>\S+))?, needs (?P<needed>\S+)"),
    "excess": re.compile(r"excess over buy-and-hold(?: (?P<value>\S+))? a year, needs more than (?P<needed>\S+)"),
    "psr": re.compile(r"probabilistic Sharpe ratio(?: (?P<value>\S+))?, needs (?P<needed>\S+)"),
    "dsr": re.compile(r"deflated Sharpe ratio(?: (?P<value>\S+))?, needs (?P<needed>\S+)"),
}
_STATES = {
    "no out-of-sample evidence yet": "none_yet",
    "no out-of-sample evidence: not a finalist of its window": "no_finalist",
    "all evidence is there": "all",
}


def reason_words(view: View, reason: str | None) -> str | None:
    """Return a reason as the reader would say it.

    Parameters
    ----------
    view : View
        For whom.
    reason : str or None
        `grade_reason` of the desk, such as "C: 12 out-of-sample trades, needs 30"; also without its value.

    Returns
    -------
    str or None
        What is not known is left as it is.
    """
    graded = _GRADED.fullmatch(reason or "")
    if graded is None:
        return reason
    grade, rest = graded["grade"], graded["rest"]
    if rest in _STATES:
        return view.text("reason.state", grade=grade, state=view.word("reason", _STATES[rest]))
    for name, obstacle in _OBSTACLES.items():
        found = obstacle.fullmatch(rest)
        if found is not None:
            value = view.text("strategy.undefined") if found["value"] == "undefined" else found["value"]
            asked = " ".join(part for part in (view.word("condition", name), value) if part)
            return view.text("reason.obstacle", grade=grade, condition=asked, needed=_bound(name, found["needed"]))
    return reason


def _bound(name: str, needed: str) -> str:
    return f"> {needed}" if name == "excess" else f"≥ {needed}"

"""The roster: who is admitted to paper trading, and who has been there for too long without promotion."""

import logging

from storage import ConfigRepository, StrategyRepository

__all__ = ["Roster"]

_logger = logging.getLogger(__name__)
_BY = "driver"


class Roster:
    """Admits candidates with evidence, as the configuration says.

    Enabling freezes a strategy: evolution never mutates or deletes a member of the roster. Nothing here touches money.

    Parameters
    ----------
    strategies : StrategyRepository
        The population and the roster.
    config : ConfigRepository
        `auto_enable`, `max_enabled`, `min_oos_trades`, `demote_below` and `retire_after_days`.
    """

    def __init__(self, strategies: StrategyRepository, config: ConfigRepository) -> None:
        self._strategies = strategies
        self._config = config

    def admit(self, run_id: str) -> tuple[int, int]:
        """Retire who had its time, and enable the best candidates of a run.

        Parameters
        ----------
        run_id : str
            The run whose population was stored.

        Returns
        -------
        tuple of (int, int)
            How many were enabled and how many retired.
        """
        management = self._config.get().management
        if not management.auto_enable:
            return 0, 0
        old = [row["id"] for row in self._strategies.long_enabled(management.retire_after_days)]
        retired = self._change(old, "retire", f"enabled for {management.retire_after_days:g} days without promotion")
        fresh = self._strategies.to_enable(
            run_id=run_id,
            least_oos_scs=management.demote_below,
            least_oos_trades=management.min_oos_trades,
        )
        enabled = self._change(
            [row["id"] for row in fresh],
            "enable",
            f"out-of-sample score of at least {management.demote_below:g} in {management.min_oos_trades} trades",
        )
        return enabled, retired

    def _change(self, ids: list[str], action: str, reason: str) -> int:
        changed = 0
        for at in range(0, len(ids), 500):
            changes = self._strategies.set_states(
                ids[at : at + 500], action, by=_BY, reason=reason, role="driver", source="driver"
            )
            changed += sum(change.changed for change in changes)
        if changed:
            _logger.info("%d strategies: %s (%s)", changed, action, reason)
        return changed

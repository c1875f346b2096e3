"""The holdout: candles after all others, looked at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import strategies
from backtest import PreparedCandles, prepare
from cluster.errors import UserError
from cluster.trial_ledger import data_set
from evolution import Windows
from evolution.objective import Market
from market import Candles, MarketError, read_candles
from storage import EvidenceRepository

__all__ = ["Holdout", "read_holdout"]


@dataclass(frozen=True)
class Holdout:
    """Candles that no selection may see, one set for some or all markets of a run.

    Attributes
    ----------
    candles : mapping of (symbol, timeframe) to Candles
        Each set begins after the candles that the run trains on.
    """

    candles: Mapping[Market, Candles]

    def check(self, evidence: EvidenceRepository) -> None:
        """Refuse it at once where somebody has looked at it, or trained on it; a run should not find that at its end.

        Parameters
        ----------
        evidence : EvidenceRepository
            Where looks are recorded.
        """
        for described in self._described():
            evidence.check_holdout(described)

    def check_again(self, run_id: str, evidence: EvidenceRepository) -> None:
        """Refuse to evolve a run further that has looked at it: other finalists would be a second look.

        Parameters
        ----------
        run_id : str
            The run.
        evidence : EvidenceRepository
            Where looks are recorded.

        Raises
        ------
        UserError
            If it has.
        """
        touches = evidence.holdout_touches(run_id=run_id, limit=1)
        if touches:
            raise UserError(
                f"run {run_id} has looked at its holdout on {touches[0]['touched_at']:%Y-%m-%d}, and other finalists "
                "would be a second look; start a new run, with later candles to hold out"
            )

    def touch(self, run_id: str, evidence: EvidenceRepository) -> None:
        """Record that a run looks at it, before it does.

        Parameters
        ----------
        run_id : str
            The run.
        evidence : EvidenceRepository
            Where looks are recorded; it refuses a second one.
        """
        evidence.touch_holdout(run_id, *self._described())

    def _described(self) -> list[dict[str, object]]:
        names = ("data_hash", "origin", "symbol", "timeframe", "first_time", "last_time")
        described = [data_set(candles) for candles in self.candles.values()]
        return [{name: one[name] for name in names} for one in described]

    def appended(self, windows: Windows) -> dict[Market, PreparedCandles]:
        """Return all markets with their holdout at the end.

        Parameters
        ----------
        windows : Windows
            What the run trained on.

        Returns
        -------
        dict of (symbol, timeframe) to PreparedCandles
            Markets without a holdout as they are.
        """
        types = strategies.available()
        return windows.whole | {
            market: prepare(windows.candles[market].followed_by(later), types) for market, later in self.candles.items()
        }


def read_holdout(
    paths: Sequence[Path], trained: Sequence[Candles], symbol: str | None = None, timeframe: str | None = None
) -> Holdout | None:
    """Read holdout files and check that they continue what a run trains on; nothing is looked at.

    Parameters
    ----------
    paths : sequence of Path
        One file a market; none for no holdout.
    trained : sequence of Candles
        The markets of the run.
    symbol, timeframe : str, optional
        For a single file that does not say.

    Returns
    -------
    Holdout or None
        None without files.

    Raises
    ------
    UserError
        If a file is of no market of the run, comes twice, or does not come after the candles of its market.
    """
    markets = {(one.symbol, one.timeframe): one for one in trained}
    found: dict[Market, Candles] = {}
    for path in paths:
        later = read_candles(path, symbol=symbol, timeframe=timeframe)
        market = (later.symbol, later.timeframe)
        if market not in markets:
            known = ", ".join(" ".join(one) for one in markets)
            raise UserError(f"--holdout {path} is {' '.join(market)}, but the run trains on {known}; give one of these")
        if market in found:
            raise UserError(f"--holdout has {' '.join(market)} twice; give each market once")
        try:
            markets[market].followed_by(later)
        except MarketError as error:
            raise UserError(f"--holdout {path}: {error}") from None
        found[market] = later
    return Holdout(found) if found else None

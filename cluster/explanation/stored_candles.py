"""The candles that a stored strategy was scored on, read again from the files of its run."""

from collections.abc import Mapping
from typing import Any

from cluster.errors import UserError
from cluster.run_settings import RunSettings
from market import Candles, MarketError, read_candles

__all__ = ["stored_candles"]


def stored_candles(row: Mapping[str, Any], settings: RunSettings, n_candles: int | None = None) -> Candles:
    """Return the very candles that a strategy was scored on.

    Parameters
    ----------
    row : mapping
        Of the table `strategies`.
    settings : RunSettings
        Of its run, which name the files.
    n_candles : int, optional
        How many there were: a file may have grown since.

    Returns
    -------
    Candles
        With the data hash of the row.

    Raises
    ------
    UserError
        If no file holds them any more.
    """
    reasons: list[str] = []
    for path in settings.paths:
        if not path.exists():
            reasons.append(f"{path} is gone")
            continue
        try:
            candles = read_candles(path, symbol=settings.symbol, timeframe=settings.timeframe)
        except MarketError as error:
            reasons.append(str(error) if str(path) in str(error) else f"{path}: {error}")
            continue
        if (candles.symbol, candles.timeframe) != (row["symbol"], row["timeframe"]):
            continue
        for one in (candles, candles[:n_candles]):
            if one.data_hash == row["data_hash"]:
                return one
        reasons.append(f"{path} has changed since the run")
    missing = "; ".join(reasons) or f"no file of the run holds {row['symbol']} {row['timeframe']}"
    raise UserError(f"the candles it was scored on cannot be read: {missing}")

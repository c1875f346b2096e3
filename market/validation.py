"""The rules every candle obeys, and the sentence that names the first row that does not."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from market.errors import CandleError
from market.instants import LAST_MS, iso

PRICES = ("open", "high", "low", "close")
COLUMNS = (*PRICES, "volume")

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must hold in a row.

    Attributes
    ----------
    broken : ndarray of bool, shape (n_bars,)
        Where it does not hold.
    sentence : callable
        Given a row number, the rule, the value found there and the cure.
    """

    broken: Mask
    sentence: Callable[[int], str]


def check_rows(
    timestamp: npt.NDArray[np.int64], columns: dict[str, npt.NDArray[np.float64]], timeframe: str, length_ms: int
) -> None:
    """Refuse columns in which any row breaks a rule.

    Parameters
    ----------
    timestamp : ndarray of int64, shape (n_bars,)
        Bar opens, ms UTC.
    columns : dict of str to ndarray of float64, shape (n_bars,)
        open, high, low, close and volume.
    timeframe : str
        Name of the timeframe, for the message.
    length_ms : int
        Its length; opens lie on the grid of this step anchored at the first row.

    Raises
    ------
    CandleError
        Naming the first row that breaks a rule, the rule, the value and the cure.
    """
    rules = [*_time_rules(timestamp, timeframe, length_ms), *_value_rules(columns)]
    broken = [(int(rule.broken.argmax()), order) for order, rule in enumerate(rules) if rule.broken.any()]
    if broken:
        row, order = min(broken)
        raise CandleError(f"row {row} ({iso(int(timestamp[row]))}): {rules[order].sentence(row)}")


def _time_rules(timestamp: npt.NDArray[np.int64], timeframe: str, length_ms: int) -> list[Rule]:
    steps = np.diff(timestamp, prepend=timestamp[:1] - 1)

    def before(row: int) -> str:
        return iso(int(timestamp[row - 1]))

    return [
        Rule(
            (timestamp < 0) | (timestamp > LAST_MS),
            lambda row: f"timestamp must be ms UTC since 1970, was {timestamp[row]}; convert it to ms",
        ),
        Rule(steps == 0, lambda row: "timestamp must not occur twice; drop the duplicate row"),
        Rule(
            steps < 0,
            lambda row: f"timestamp must be later than the row before, which is {before(row)}; sort the rows by time",
        ),
        Rule(
            (timestamp - timestamp[0]) % length_ms != 0,
            lambda row: (
                f"timestamp must lie a whole number of {timeframe} bars after the first row, {iso(int(timestamp[0]))}; "
                "drop the row or give the right timeframe"
            ),
        ),
    ]


def _value_rules(columns: dict[str, npt.NDArray[np.float64]]) -> list[Rule]:
    rules = [_finite(name, columns[name]) for name in COLUMNS]
    rules += [_positive(name, columns[name]) for name in PRICES]
    volume, high, low = columns["volume"], columns["high"], columns["low"]
    rules.append(
        Rule(volume < 0, lambda row: f"volume must not be negative, was {volume[row]}; correct it or drop the row")
    )
    rules.append(
        Rule(
            high < low,
            lambda row: f"high must not be below low, was {high[row]} < {low[row]}; correct them or drop the row",
        )
    )
    rules += [_enclosed(name, columns[name], low, high) for name in ("open", "close")]
    return rules


def _finite(name: str, values: npt.NDArray[np.float64]) -> Rule:
    return Rule(
        ~np.isfinite(values),
        lambda row: f"{name} must be a finite number, was {values[row]}; fill it from the venue or drop the row",
    )


def _positive(name: str, values: npt.NDArray[np.float64]) -> Rule:
    return Rule(values <= 0, lambda row: f"{name} must be positive, was {values[row]}; correct it or drop the row")


def _enclosed(
    name: str, values: npt.NDArray[np.float64], low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]
) -> Rule:
    return Rule(
        (values < low) | (values > high),
        lambda row: (
            f"{name} must lie between low and high, was {values[row]} outside {low[row]} to {high[row]}; "
            "correct them or drop the row"
        ),
    )

"""How values are written in answers: times in ms UTC, numbers finite or absent, money as decimal text."""

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from cluster.milliseconds import milliseconds

__all__ = [
    "Answer",
    "BestFitness",
    "Body",
    "MedianFitness",
    "Milliseconds",
    "Money",
    "finite",
    "finite_list",
    "milliseconds",
    "money",
]

Milliseconds = Annotated[int, Field(description="ms UTC since 1970", examples=[1_767_225_600_000])]
BestFitness = Annotated[
    float | None,
    Field(
        description="best fitness, 0..100: SCS on folds of the training candles; a strategy's `scs` is another score"
    ),
]
MedianFitness = Annotated[
    float | None, Field(description="median fitness, 0..100, of the population; a strategy's `scs` is another score")
]
Money = Annotated[str, Field(description="decimal text", examples=["1234.50"], pattern=r"^-?\d+(\.\d+)?$")]


class Answer(BaseModel):
    """A part of an answer; written by us, so its values are taken as they are."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Body(BaseModel):
    """A part of a request; an unknown name in it is refused, for it would be a wish that nobody hears."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def finite(value: float | None) -> float | None:
    """Return a number as JSON may hold it.

    Parameters
    ----------
    value : float or None
        Any number.

    Returns
    -------
    float or None
        None for NaN and infinities.
    """
    return None if value is None or not math.isfinite(value) else float(value)


def finite_list(values: Iterable[float]) -> list[float | None]:
    """Return numbers as JSON may hold them.

    Parameters
    ----------
    values : iterable of float
        Any numbers.

    Returns
    -------
    list of (float or None)
        None for NaN and infinities.
    """
    return [finite(value) for value in values]


def money(value: Decimal | float) -> str:
    """Return an amount as decimal text, exactly, without an exponent.

    Parameters
    ----------
    value : Decimal or float
        Finite. A float is written with the shortest digits that give it back.

    Returns
    -------
    str
        Such as "1234.5".
    """
    return f"{value if isinstance(value, Decimal) else Decimal(repr(value)):f}"

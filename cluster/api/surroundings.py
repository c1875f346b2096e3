"""A neighbourhood in the form of an answer."""

from pydantic import Field

from cluster.api.values import Answer

__all__ = ["Surroundings"]


class Surroundings(Answer):
    """The scores around a strategy."""

    x: str = Field(description="the parameter of x_values")
    y: str = Field(description="the parameter of y_values")
    x_values: list[float]
    y_values: list[float]
    scs: list[list[float]] = Field(description="one row for each of y_values, one column for each of x_values")
    at: list[float] = Field(min_length=2, max_length=2, description="the strategy's own x and y")

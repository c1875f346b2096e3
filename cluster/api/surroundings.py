"""A neighbourhood in the form of an answer."""

from pydantic import ConfigDict, Field

from cluster.api.values import Answer

__all__ = ["Surroundings"]


class Surroundings(Answer):
    """The scores around a strategy."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "x": "lookback_period",
                    "y": "threshold",
                    "x_values": [22.0, 24.0, 26.0],
                    "y_values": [0.011, 0.012],
                    "scs": [[63.0, 66.2, 64.1], [68.3, 71.4, 67.7]],
                    "at": [24.0, 0.012],
                }
            ]
        }
    )

    x: str = Field(description="the parameter of x_values")
    y: str = Field(description="the parameter of y_values")
    x_values: list[float]
    y_values: list[float]
    scs: list[list[float]] = Field(description="one row for each of y_values, one column for each of x_values")
    at: list[float] = Field(min_length=2, max_length=2, description="the strategy's own x and y")

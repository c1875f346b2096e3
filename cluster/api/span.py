"""A span of time that is asked for: from one moment on, and before another."""

from typing import Self

from pydantic import Field, model_validator

from cluster.api.problems import Problem
from cluster.api.values import Body

__all__ = ["LATEST_MS", "Span"]

LATEST_MS = 253_402_300_799_999  # the last one of the year 9999


class Span(Body):
    """`from` and `to`; either may be left out."""

    since: int | None = Field(None, alias="from", ge=0, le=LATEST_MS, description="from this time on, ms UTC")
    until: int | None = Field(None, alias="to", ge=0, le=LATEST_MS, description="before this time, ms UTC")

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.since is not None and self.until is not None and self.since > self.until:
            words = f"parameter from must not be after to, were {self.since} and {self.until}"
            raise Problem(422, "invalid_value", f"{words}: exchange them, or leave one out")
        return self

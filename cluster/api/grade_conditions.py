"""What grades ask of a strategy and how it stands to it, in the form of an answer."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from cluster.api.values import Answer, finite
from storage import ConfigRecord

__all__ = ["Condition", "grade_conditions"]


class Condition(Answer):
    """One thing that grades ask for."""

    name: Literal["oos_trades", "oos_scs", "excess", "psr", "dsr"]
    grades: Literal["AB", "A", "B"] = Field(description="which grades ask for it")
    value: float | None = Field(description="what its evidence shows")
    needed: float = Field(description="the bound; excess must be above it, the others may equal it")
    met: bool


def grade_conditions(row: Mapping[str, Any], config: ConfigRecord) -> list[dict[str, Any]]:
    """Return what grades ask of a strategy by the present rule.

    Parameters
    ----------
    row : mapping
        Of the table `strategies`.
    config : ConfigRecord
        The present configuration: it holds the bounds.

    Returns
    -------
    list of dict
        What `Condition` says, in the order of the obstacles.
    """
    from backtest import requirements  # compiled kernels come with it: not before somebody asks
    from cluster.stored_evidence import configured_rule, stored_evidence

    evidence = stored_evidence(row)
    known = row["oos_trades"] is not None
    return [
        {
            "name": one.name,
            "grades": one.grades,
            "value": finite(one.value) if known or one.name != "oos_trades" else None,
            "needed": one.needed,
            "met": one.met,
        }
        for one in requirements(evidence, configured_rule(config))
    ]

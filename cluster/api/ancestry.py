"""A lineage in the form of an answer: every ancestor has the id that it has, or had, as a strategy."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from pydantic import ConfigDict, Field

from cluster.api.values import Answer
from storage import strategy_id
from strategies import StrategyError, get

__all__ = ["Lineage", "lineage_answer"]

_NOT_A_GENE = "quantity"


class Node(Answer):
    """A strategy, or an ancestor that is gone."""

    id: str = Field(description="its id as a strategy, which may be no longer there")
    alive: bool = Field(description="whether there is a strategy with this id")
    child: int = Field(description="its number in the species of the run")
    operator: str
    fitness: float | None
    parameters: dict[str, float] | None
    batch: int
    depth: int = Field(description="least number of steps back")


class Edge(Answer):
    """Who descends from whom."""

    parent: str
    child: str


class Lineage(Answer):
    """A strategy and its ancestors."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "nodes": [
                        {
                            "id": "kq3v7mzc2hda",
                            "alive": True,
                            "child": 812,
                            "operator": "mutation",
                            "fitness": 64.2,
                            "parameters": {"lookback_period": 24.0, "threshold": 0.012},
                            "batch": 40,
                            "depth": 0,
                        },
                        {
                            "id": "m4tq2xw6ybne",
                            "alive": False,
                            "child": 17,
                            "operator": "sobol",
                            "fitness": 51.9,
                            "parameters": {"lookback_period": 31.0, "threshold": 0.012},
                            "batch": 0,
                            "depth": 1,
                        },
                    ],
                    "edges": [{"parent": "m4tq2xw6ybne", "child": "kq3v7mzc2hda"}],
                }
            ]
        }
    )

    nodes: list[Node]
    edges: list[Edge]


def lineage_answer(
    row: Mapping[str, Any], found: Mapping[str, Any], present: Callable[[Sequence[str]], Collection[str]]
) -> dict[str, Any]:
    """Return a lineage in the form of an answer.

    Parameters
    ----------
    row : mapping
        The strategy, of the table `strategies`.
    found : mapping
        What `TrialRepository.lineage` returned.
    present : callable
        Tells which of some ids are those of strategies.

    Returns
    -------
    dict
        What `Lineage` says.
    """
    names = _gene_names(row["type"])
    ids = {node["child"]: strategy_id(row["run_id"], row["species"], node["child"]) for node in found["nodes"]}
    alive = present(list(ids.values()))
    return {
        "nodes": [
            {
                "id": ids[node["child"]],
                "alive": ids[node["child"]] in alive,
                **{name: node[name] for name in ("child", "operator", "fitness", "batch", "depth")},
                "parameters": dict(zip(names, node["genome"], strict=True))
                if len(names) == len(node["genome"])
                else None,
            }
            for node in found["nodes"]
        ],
        "edges": [{"parent": ids[parent], "child": ids[child]} for parent, child in found["edges"]],
    }


def _gene_names(kind: str) -> list[str]:
    """Return the names of a genome's values; none for a type that is not there any more."""
    try:
        return [parameter.name for parameter in get(kind).parameters if parameter.name != _NOT_A_GENE]
    except StrategyError:
        return []

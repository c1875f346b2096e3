"""A parameter that takes one value and is given twice: one of them would be a wish that nobody hears."""

from collections import Counter
from typing import Any

from fastapi import Request

from cluster.api.problems import Problem

__all__ = ["refuse_repeated"]


async def refuse_repeated(request: Request) -> None:
    """Refuse parameters that are given more often than their route can hear; a dependency of every route.

    Parameters
    ----------
    request : Request
        What is asked for.

    Raises
    ------
    Problem
        422 for a parameter that is repeated, and that the document does not tell to be a list.
    """
    given = Counter(name for name, _ in request.query_params.multi_items())
    if given.total() == len(given):
        return
    single = _of_one_value(request)
    for name, times in given.items():
        if times > 1 and name in single:
            words = f"parameter {name} must be given once, was given {times} times: leave one"
            raise Problem(422, "repeated_parameter", words)


def _of_one_value(request: Request) -> set[str]:
    """Return the parameters of the route that are no lists."""
    operations: dict[str, Any] = request.app.openapi()["paths"].get(request.scope["route"].path, {})
    return {
        parameter["name"]
        for operation in operations.values()
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and parameter["schema"].get("type") != "array"
    }

"""Which variation operators exist: the files of this package."""

import importlib
import pkgutil
from functools import cache

from evolution.errors import SettingsError
from evolution.operators.operator import Operator

__all__ = ["available", "get"]


def available() -> tuple[str, ...]:
    """Return the names of all variation operators, sorted.

    Returns
    -------
    tuple of str
        What `Settings.shares` may name.
    """
    return tuple(sorted(_discovered()))


def get(name: str) -> Operator:
    """Return the operator called `name`.

    Parameters
    ----------
    name : str
        One of `available()`.

    Returns
    -------
    Operator
        The only instance of that operator.

    Raises
    ------
    SettingsError
        If there is none.
    """
    found = _discovered()
    if name not in found:
        raise SettingsError(f'no variation operator "{name}"; known: {", ".join(available())}')
    return found[name]


@cache
def _discovered() -> dict[str, Operator]:
    package = importlib.import_module("evolution.operators")
    found: dict[str, Operator] = {}
    for info in pkgutil.iter_modules(package.__path__, "evolution.operators."):
        module = importlib.import_module(info.name)
        for member in vars(module).values():
            is_operator = isinstance(member, type) and issubclass(member, Operator) and member is not Operator
            if is_operator and member.__module__ == info.name:
                found[member.name] = member()
    return found

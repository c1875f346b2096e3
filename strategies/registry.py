"""Which strategy types exist: the files of this package and the plug-ins installed beside it."""

import importlib
import pkgutil
import warnings
from functools import cache
from importlib.metadata import entry_points

from strategies.errors import UnknownStrategyError, nearest
from strategies.strategy_type import StrategyType

__all__ = ["available", "get"]

ENTRY_POINT_GROUP = "evoq.strategies"


def available() -> tuple[str, ...]:
    """Return the names of all strategy types, sorted.

    Returns
    -------
    tuple of str
        Built-in types and plug-ins.
    """
    return tuple(sorted(_discovered()))


def get(name: str) -> StrategyType:
    """Return the strategy type called `name`.

    Parameters
    ----------
    name : str
        One of `available()`.

    Returns
    -------
    StrategyType
        The only instance of that type.

    Raises
    ------
    UnknownStrategyError
        If there is none; the message suggests the nearest name.
    """
    types = _discovered()
    if not isinstance(name, str):
        raise UnknownStrategyError(
            f"a strategy type must be a name such as momentum, was of type {type(name).__name__}; {nearest('', types)}"
        )
    if name not in types:
        raise UnknownStrategyError(f'no strategy type "{name}"; {nearest(name, types)}')
    return types[name]


@cache
def _discovered() -> dict[str, StrategyType]:
    types = {kind.name: kind() for kind in _built_in()}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        try:
            kind = point.load()
            if not (isinstance(kind, type) and issubclass(kind, StrategyType)):
                raise TypeError(f"{point.value} is no StrategyType class")
            if kind.name in types:
                raise ValueError(f'the name "{kind.name}" is taken')
            types[kind.name] = kind()
        except Exception as error:  # a broken plug-in must not take the others with it
            warnings.warn(f'strategy plug-in "{point.name}" was not loaded: {error}', stacklevel=2)
    return types


def _built_in() -> list[type[StrategyType]]:
    package = importlib.import_module("strategies")
    found = []
    for module_info in pkgutil.iter_modules(package.__path__, "strategies."):
        module = importlib.import_module(module_info.name)
        found += [
            member
            for member in vars(module).values()
            if isinstance(member, type)
            and issubclass(member, StrategyType)
            and member.__module__ == module.__name__
            and member is not StrategyType
        ]
    return found

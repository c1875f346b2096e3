"""Changes to the configuration as people write them: KEY=VALUE, or a file of JSON with some or all of it."""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from cluster.errors import UserError
from storage import AutoTrading, ConfigRecord, Management

__all__ = ["PARTS", "changed_config", "config_as_json", "read_assignments", "read_config_file"]

PARTS = {"auto_trading": AutoTrading, "management": Management}
_KINDS: dict[str, Any] = {field.name: field.type for part in PARTS.values() for field in fields(part)}
_HOMES = {field.name: part for part, shape in PARTS.items() for field in fields(shape)}
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_LONGEST = 2**20


def config_as_json(record: ConfigRecord) -> dict[str, Any]:
    """Return the configuration as it is exported.

    Parameters
    ----------
    record : ConfigRecord
        From the database.

    Returns
    -------
    dict
        `auto_trading` and `management`.
    """
    return {part: asdict(getattr(record, part)) for part in PARTS}


def changed_config(record: ConfigRecord, changes: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    """Return the configuration with some values changed.

    Parameters
    ----------
    record : ConfigRecord
        As it is.
    changes : mapping of str to object
        New values by name.

    Returns
    -------
    dict
        `auto_trading` and `management`, whole; the values are checked by `ConfigRepository.put`.
    """
    config = config_as_json(record)
    for name, value in changes.items():
        config[_HOMES[name]][name] = value
    return config


def read_assignments(assignments: Sequence[str]) -> dict[str, object]:
    """Read KEY=VALUE, several times.

    Parameters
    ----------
    assignments : sequence of str
        KEY is a name, with or without its part before it (`management.max_enabled`).

    Returns
    -------
    dict of str to object
        Values of the right type by name.

    Raises
    ------
    UserError
        If one has another form, an unknown name or a value of the wrong type.
    """
    changes: dict[str, object] = {}
    for assignment in assignments:
        key, sign, text = assignment.partition("=")
        if not sign:
            raise UserError(f'set needs KEY=VALUE, was "{assignment}"; keys: {", ".join(_HOMES)}')
        name = _known(key.strip())
        if name in changes:
            raise UserError(f"{name} must be set once, was set twice")
        changes[name] = _value(name, text.strip())
    return changes


def read_config_file(path: Path) -> dict[str, object]:
    """Read a configuration file, such as an auto_trading_config.json.

    Parameters
    ----------
    path : Path
        One object of JSON: the values by name, or in the parts `auto_trading` and `management`; what it leaves out
        stays as it is.

    Returns
    -------
    dict of str to object
        Values by name.

    Raises
    ------
    UserError
        If it cannot be read or has names that are unknown.
    """
    try:
        if path.stat().st_size > _LONGEST:
            raise UserError(f"{path} must be a configuration, has {path.stat().st_size:,} bytes")
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            f"{path} must be a file that can be read, is not ({error.strerror}): correct the name"
        ) from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} must be JSON, is not ({error}): correct it") from error
    if not isinstance(told, dict):
        raise UserError(f"{path} must be an object with names and values, is a {type(told).__name__}")
    changes: dict[str, object] = {}
    for key, value in told.items():
        if key in PARTS:
            if not isinstance(value, dict):
                raise UserError(f"{key} in {path} must be an object with names and values, was {value!r}")
            for name, inner in value.items():
                changes[_known(f"{key}.{name}")] = inner
        elif key not in ("version", "changed_by", "changed_at"):  # an answer of the API has these too
            changes[_known(key)] = value
    if not changes:
        raise UserError(f"{path} must name at least one of {', '.join(_HOMES)}; names none")
    return changes


def _known(key: str) -> str:
    """Return the name of a key, which may have its part before it."""
    part, dot, name = key.rpartition(".")
    if name in _HOMES and (not dot or _HOMES[name] == part):
        return name
    near = difflib.get_close_matches(name, _HOMES, n=1)
    hint = f'did you mean "{near[0]}"?' if near else f"known: {', '.join(_HOMES)}"
    raise UserError(f'there is no setting "{key}"; {hint}')


def _value(name: str, text: str) -> object:
    """Return a value of the type that a setting has."""
    kind = _KINDS[name]
    if kind is bool:
        if text.lower() in (*_YES, *_NO):
            return text.lower() in _YES
        raise UserError(f'{name} must be true or false, was "{text}"')
    if kind is str:
        return text
    try:
        return int(text) if kind is int else float(text)
    except ValueError:
        wanted = "a whole number" if kind is int else "a number"
        raise UserError(f'{name} must be {wanted}, was "{text}"') from None

"""The configuration that people change while Evoq runs, with a version against lost updates."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, select, update

from storage.errors import ConflictError, InvalidValueError
from storage.models import AutoTradingConfig, StrategyManagementConfig, table_of
from storage.operations_log_repository import append_operations
from storage.values import check_names, plain

__all__ = ["LONGEST_INTERVAL_S", "MODES", "AutoTrading", "ConfigRecord", "ConfigRepository", "Management"]

MODES = ("auto", "manual", "paper_only")
LONGEST_INTERVAL_S = 366 * 86_400
"""Longest pause between two generations, in seconds."""

_auto = table_of(AutoTradingConfig)
_management = table_of(StrategyManagementConfig)
_MANY = 100_000
_RANGES: Mapping[str, tuple[float, float]] = {
    "max_strategies": (0, _MANY),
    "real_trading_threshold": (0, 100),
    "evolution_interval": (0, LONGEST_INTERVAL_S),
    "max_enabled": (0, _MANY),
    "min_oos_trades": (0, 1_000_000),
    "demote_below": (0, 100),
    "retire_after_days": (0, 36_600),
}


@dataclass(frozen=True)
class AutoTrading:
    """How trading runs by itself.

    Attributes
    ----------
    enabled : bool
        Whether strategies trade at all.
    mode : str
        "auto", "manual" or "paper_only".
    max_strategies : int
        How many may be live at once.
    real_trading_threshold : float
        The least oos_scs for real money, 0..100.
    evolution_interval : float
        Seconds between generations.
    """

    enabled: bool
    mode: str
    max_strategies: int
    real_trading_threshold: float
    evolution_interval: float


@dataclass(frozen=True)
class Management:
    """How strategies enter and leave the roster.

    Attributes
    ----------
    auto_enable : bool
        Whether the best candidates are enabled (on paper) without being asked.
    max_enabled : int
        How many may be enabled at once.
    min_oos_trades : int
        The fewest out-of-sample trades for a grade above C.
    demote_below : float
        The oos_scs below which a strategy is demoted, 0..100.
    retire_after_days : float
        After how many days without promotion an enabled strategy is retired.
    """

    auto_enable: bool
    max_enabled: int
    min_oos_trades: int
    demote_below: float
    retire_after_days: float


@dataclass(frozen=True)
class ConfigRecord:
    """The whole configuration.

    Attributes
    ----------
    auto_trading : AutoTrading
        How trading runs by itself.
    management : Management
        How strategies enter and leave the roster.
    version : int
        Grows by one with every change.
    changed_by : str
        Who changed it last.
    changed_at : datetime
        When (UTC).
    """

    auto_trading: AutoTrading
    management: Management
    version: int
    changed_by: str
    changed_at: datetime


class ConfigRepository:
    """The configuration.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self) -> ConfigRecord:
        """Return the configuration.

        Returns
        -------
        ConfigRecord
            As it is now.
        """
        with self._engine.connect() as connection:
            return _read(connection)

    def put(
        self,
        config: Mapping[str, Mapping[str, object]],
        *,
        version: int | None,
        changed_by: str,
        role: str | None = None,
        source: str = "api",
        reason: str | None = None,
    ) -> ConfigRecord:
        """Replace the configuration, if nobody else has done so.

        Parameters
        ----------
        config : mapping
            `auto_trading` and `management`, each with all its values, as `dataclasses.asdict` gives them.
        version : int or None
            The version that was read before (If-Match); None for whatever it is now.
        changed_by : str
            Who changes it.
        role : str, optional
            In which role: if given, a row of the audit log tells what was and what is.
        source, reason : str, optional
            From where and why, for that row.

        Returns
        -------
        ConfigRecord
            As it is now.

        Raises
        ------
        ConflictError
            If somebody else has changed it in the meantime.
        InvalidValueError
            If a value is missing, unknown or out of its range.
        """
        check_names("the configuration", config, ("auto_trading", "management"), ("auto_trading", "management"))
        auto = _checked("auto_trading", config["auto_trading"], AutoTrading)
        management = _checked("management", config["management"], Management)
        if management["demote_below"] > auto["real_trading_threshold"]:
            raise InvalidValueError(
                f"demote_below must not be above real_trading_threshold, were {management['demote_below']:g} and"
                f" {auto['real_trading_threshold']:g}: a strategy would be promoted and demoted at once"
            )
        who = plain(str(changed_by)).strip()
        if not who:
            raise InvalidValueError("changed_by must say who changes the configuration, was empty")
        with self._engine.begin() as connection:
            if version is None:
                version = int(connection.execute(select(_auto.c.version).with_for_update()).scalar_one())
            before = _read(connection)
            changed = update(_auto).where(_auto.c.version == version).values(**auto, version=_auto.c.version + 1)
            if connection.execute(changed.values(changed_by=who, changed_at=func.now())).rowcount != 1:
                current = _read(connection)
                raise ConflictError(
                    f"the configuration has version {current.version} (by {current.changed_by}), not {version}:"
                    " read it again and repeat the change"
                )
            connection.execute(update(_management).values(**management))
            after = _read(connection)
            if role is not None:
                told = {"before": _told(before), "after": _told(after), "reason": reason, "result": "done"}
                row = {"actor": who, "role": role, "source": source, "action": "change_config"}
                append_operations(connection, [row | told])
            return after


def _told(record: ConfigRecord) -> dict[str, object]:
    """Return the configuration as the audit log tells it."""
    return {
        "auto_trading": asdict(record.auto_trading),
        "management": asdict(record.management),
        "version": record.version,
    }


def _read(connection: Connection) -> ConfigRecord:
    """Read both rows as of one moment."""
    row = connection.execute(select(_auto, _management).where(_auto.c.id == _management.c.id)).one()._mapping
    return ConfigRecord(
        AutoTrading(**{name: row[_auto.c[name]] for name in AutoTrading.__dataclass_fields__}),
        Management(**{name: row[_management.c[name]] for name in Management.__dataclass_fields__}),
        row[_auto.c.version],
        row[_auto.c.changed_by],
        row[_auto.c.changed_at],
    )


def _checked(part: str, values: object, shape: type[AutoTrading] | type[Management]) -> dict[str, Any]:
    """Return one part of the configuration after a check of names, types and ranges."""
    if not isinstance(values, Mapping):
        raise InvalidValueError(f"{part} must be an object of named values, was {values!r}")
    fields = shape.__dataclass_fields__
    check_names(part, values, tuple(fields), tuple(fields))
    return {name: _value(f"{part}.{name}", name, plain(values[name]), fields[name].type) for name in fields}


def _value(path: str, name: str, value: object, kind: object) -> object:
    """Return one value after a check of its type and range."""
    if kind is bool:
        if not isinstance(value, bool):
            raise InvalidValueError(f"{path} must be true or false, was {value!r}")
        return value
    if kind is str:
        if value not in MODES:
            raise InvalidValueError(f"{path} must be one of {', '.join(MODES)}, was {value!r}")
        return value
    low, high = _RANGES[name]
    whole = kind is int
    fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not (fits and isinstance(value, (int, float)) and low <= value <= high):
        wanted = "an integer" if whole else "a number"
        raise InvalidValueError(f"{path} must be {wanted} in [{low:g}, {high:g}], was {value!r}")
    return value

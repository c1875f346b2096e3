"""The configuration: read as a whole, replaced as a whole, and only by whoever has seen the present one."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import ConfigDict, Field, StringConstraints

from cluster.api.caller import Calling
from cluster.api.context import Context
from cluster.api.lists import ListAnswer, ListParameters, list_answer
from cluster.api.problems import Problem
from cluster.api.values import Answer, Body, Milliseconds, milliseconds
from cluster.api.writing import IdempotencyKey, write_once
from storage import LONGEST_INTERVAL_S, ConfigRecord, ConflictError

router = APIRouter(prefix="/api/quantitative/config", tags=["configuration"])

_ACTION = "change_config"
_EXAMPLE: dict[str, Any] = {
    "auto_trading": {
        "enabled": False,
        "mode": "paper_only",
        "max_strategies": 20,
        "real_trading_threshold": 65.0,
        "evolution_interval": 60.0,
    },
    "management": {
        "auto_enable": True,
        "max_enabled": 100,
        "min_oos_trades": 30,
        "demote_below": 58.0,
        "retire_after_days": 30.0,
    },
}


class AutoTradingValues(Body):
    """How trading runs by itself."""

    enabled: bool
    mode: Literal["auto", "manual", "paper_only"]
    max_strategies: int = Field(ge=0, le=100_000)
    real_trading_threshold: float = Field(ge=0, le=100, description="least oos_scs for real money")
    evolution_interval: float = Field(ge=0, le=LONGEST_INTERVAL_S, description="seconds between generations")


class ManagementValues(Body):
    """How strategies enter and leave the roster."""

    auto_enable: bool
    max_enabled: int = Field(ge=0, le=100_000)
    min_oos_trades: int = Field(ge=0, le=1_000_000)
    demote_below: float = Field(ge=0, le=100)
    retire_after_days: float = Field(ge=0, le=36_600)


class ConfigBody(Body):
    """The whole configuration; what GET answers may be sent back as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    auto_trading: AutoTradingValues
    management: ManagementValues
    risk: dict[str, Any] | None = Field(None, description="empty until trading is there", max_length=0)
    version: int | None = Field(None, description="ignored: If-Match counts")
    changed_by: str | None = Field(None, description="ignored", max_length=1_000)
    changed_at: int | None = Field(None, description="ignored")
    reason: Annotated[str, StringConstraints(max_length=1_000, strip_whitespace=True)] | None = Field(
        None, description="for the operations log"
    )


class Config(Answer):
    """The whole configuration."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                _EXAMPLE | {"risk": {}, "version": 3, "changed_by": "token.operate", "changed_at": 1_767_225_600_000}
            ]
        }
    )

    auto_trading: AutoTradingValues
    management: ManagementValues
    risk: dict[str, Any] = Field(description="empty until trading is there")
    version: int
    changed_by: str
    changed_at: Milliseconds


class ConfigHistoryParameters(ListParameters):
    """What the history of the configuration takes."""

    actor: str | None = Field(None, max_length=200, description="only changes by this one")


class ValueChange(Answer):
    """A value that was changed."""

    name: str = Field(description="such as auto_trading.mode")
    before: bool | float | str | None
    after: bool | float | str | None


class ConfigChange(Answer):
    """A change of the configuration."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 41,
                    "ts": 1_767_225_600_000,
                    "by": "token.operate",
                    "role": "operate",
                    "source": "api",
                    "reason": "more room",
                    "version": 3,
                    "changes": [{"name": "management.max_enabled", "before": 20, "after": 50}],
                }
            ]
        }
    )

    id: int
    ts: Milliseconds
    by: str
    role: str
    source: str = Field(description="api or command line")
    reason: str | None
    version: int | None = Field(description="the version that it led to")
    changes: list[ValueChange]


@router.get("/history", response_model=ListAnswer[ConfigChange], summary="Who changed what, the newest first")
def list_changes(context: Context, parameters: Annotated[ConfigHistoryParameters, Query()]) -> dict[str, Any]:
    """Return a page of the changes of the configuration, each with the values that it has changed."""
    page = context.operations.page(action=_ACTION, result="done", **parameters.asked())
    return list_answer(page, context.clock.now_ms(), _change)


@router.get("", summary="The configuration")
def show_config(context: Context, response: Response) -> Config:
    """Return the configuration; its version is also the ETag."""
    return _answer(context.config.get(), response)


@router.put("", name=_ACTION, summary="Replace the configuration")
def put_config(
    context: Context,
    caller: Calling,
    response: Response,
    body: ConfigBody,
    if_match: Annotated[str | None, Header(description='the version that was read, such as "3"; * for any')] = None,
    idempotency_key: IdempotencyKey = None,
) -> Config:
    """Replace the configuration, if it still has the version that was read before (If-Match), or any with `*`."""
    version = _version(if_match)
    values = {"auto_trading": body.auto_trading.model_dump(), "management": body.management.model_dump()}
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

    def write() -> str:
        try:
            record = context.config.put(
                values, version=version, changed_by=caller.name, role=str(caller.role), reason=body.reason or None
            )
        except ConflictError as error:
            raise Problem(412, "version_conflict", str(error)) from error
        return f"version {record.version}"

    parameters = {"version": version, "sha256": digest}
    write_once(context, caller, _ACTION, parameters, reason=body.reason or None, key=idempotency_key, write=write)
    return _answer(context.config.get(), response)


def _change(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a change in the form of an answer."""
    before, after = _flat(row["before"] or {}), _flat(row["after"] or {})
    names = [name for name in after | before if before.get(name) != after.get(name)]
    return {
        **{name: row[name] for name in ("id", "role", "source", "reason")},
        "ts": milliseconds(row["ts"]),
        "by": row["actor"],
        "version": (row["after"] or {}).get("version"),
        "changes": [{"name": name, "before": before.get(name), "after": after.get(name)} for name in names],
    }


def _flat(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{part}.{name}": value
        for part, values in config.items()
        if isinstance(values, Mapping)
        for name, value in values.items()
    }


def _version(if_match: str | None) -> int | None:
    """Return the version that a caller insists on; None for any, as RFC 9110 (13.1.1) has it for an asterisk."""
    if if_match is None or not if_match.strip():
        words = 'send If-Match with the version that GET answered, such as "3", or * for any'
        raise Problem(428, "if_match_needed", words)
    if if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Problem(
            422, "invalid_value", f"If-Match must be the version that GET answered or *, was {if_match[:40]!r}"
        )
    return int(text)


def _answer(record: ConfigRecord, response: Response) -> Config:
    response.headers["ETag"] = f'"{record.version}"'
    return Config(
        auto_trading=AutoTradingValues(**asdict(record.auto_trading)),
        management=ManagementValues(**asdict(record.management)),
        risk={},
        version=record.version,
        changed_by=record.changed_by,
        changed_at=milliseconds(record.changed_at),
    )

"""The client reaches every route of the API; and no module of ui hides another when pages put it on the path first."""

import contextlib
import dataclasses
import re
import sys
from pathlib import Path

import httpx
import pytest

import ui
from ui.desk_answers import AutoTrading, Config, Management
from ui.destination import Destination

NOT_CALLED = {"/quantitative.html", "/arbitrage.html", "/operations-log.html"}  # addresses that people type
CONFIG = Config(
    auto_trading=AutoTrading(
        enabled=False, mode="auto", max_strategies=1, real_trading_threshold=65.0, evolution_interval=1.0
    ),
    management=Management(
        auto_enable=True, max_enabled=1, min_oos_trades=30, demote_below=58.0, retire_after_days=30.0
    ),
    risk={}, version=3, changed_by="x", changed_at=0,
)  # fmt: skip
CALLS = {
    "ack_alert": (1,), "begin_session": ("read", "guess"), "candles": (), "chart": ("x",), "command": ("x",),
    "command_strategies": ("enable", "x", "why"), "config": (), "control": ("start",), "disable": (["x"], "why"),
    "enable": ("x", "why"), "equity": ("x",), "evolution_log": (), "feed": (), "health": (), "leaderboard": (),
    "lineage": ("x",), "metrics": (), "neighbourhood": ("x",), "operations_log": (), "alerts": (), "overview": (),
    "panel_url": (), "pause": (), "put_config": (CONFIG,), "resume": (), "returns": ("x",), "retire": ("x", "why"),
    "session": (), "sign_out": (), "start": (), "status": (), "stop": (), "strategies": (), "strategies_map": (),
    "strategy": ("x",), "strategy_facets": (), "tickers": (), "wait": ("x",), "trades": ("x",), "populations": (),
    "archive": (), "leaders": (), "luck": (), "runs": (), "start_evolution": (), "cluster": (), "history": (),
    "config_history": (),
}  # fmt: skip
WITHOUT_A_ROUTE = {"close", "events", "every", "frame", "url"}


def test_client_calls_every_route_and_no_other(api_desk):
    asked = []

    def answer(request):
        asked.append((request.method, request.url.path))
        return httpx.Response(200, json={})

    destination = Destination.of("http://127.0.0.1:1", "a-token-for-a-test", environ={})
    client = ui.Client(destination, http=httpx.MockTransport(answer))
    public = {name for name in dir(client) if not name.startswith("_")}
    assert public - WITHOUT_A_ROUTE == set(CALLS)
    for name, arguments in CALLS.items():
        with contextlib.suppress(ui.AnswerError):  # an empty answer is none
            getattr(client, name)(*arguments)
    documented = {
        (method.upper(), path)
        for path, methods in api_desk.application().openapi()["paths"].items()
        for method in methods
        if path not in NOT_CALLED
    }
    routes = {(method, re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path))) for method, path in documented}
    fixed = {path for _, path in documented if "{" not in path}
    for method, path in asked:
        assert (method, path) in documented or (
            path not in fixed and any(method == other and route.fullmatch(path) for other, route in routes)
        ), (method, path)
    missing = [
        (method, path)
        for method, path in documented
        if not any(
            method == other and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", path), called) for other, called in asked
        )
    ]
    assert missing == []


@pytest.mark.parametrize("path", sorted(Path(ui.__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_module_of_ui_hides_no_other(path):
    ours = {
        "market",
        "strategies",
        "backtest",
        "evolution",
        "storage",
        "execution",
        "simulator",
        "cluster",
        "ui",
        "rwa",
    }
    assert path.stem not in ours | sys.stdlib_module_names


def test_answers_are_frozen():
    modules = [module for name, module in sys.modules.items() if re.fullmatch(r"ui\.[a-z]+_answers", name)]
    assert len(modules) >= 6
    for module in modules:
        for name in module.__all__:
            kind = getattr(module, name)
            assert kind.__dataclass_params__.frozen
            assert dataclasses.fields(kind)

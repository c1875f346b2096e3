"""How soon the control panel shows something, with 1,034 strategies and 1,000,000 trades in the database.

    python benchmarks/bench_ui.py [--strategies 1034] [--trades 1000000] [--rounds 20] [--json FILE] [--document FILE]

API and panel run as in the desk, the browser is a headless Chromium; all share the processors of this machine. "First
page" is the live page of somebody who is signed in, from the navigation to the first tile with a value; cold is a
browser that was never here, warm the next visit. "Filter" runs from the last letter of a search to the list that fits
it, the field's wait for another letter included. The server's part runs from the browser's first message to the one
that brought what is shown; the rest is the browser's own.
"""

import argparse
import itertools
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bench_api
import httpx
import numpy as np
from machine import machine, versions
from panel_browser.find_browser import WHAT_TO_INSTALL, find_browser
from panel_browser.many_trades import add_trades
from panel_browser.opened_browser import Watch, opened_browser
from panel_browser.served_panel import free_port, served_panel
from playwright.sync_api import Browser, Page
from published import output_options, publish

from cluster.access import Role, Tokens
from storage import open_database

SECTION = "## Control panel (`make bench-ui`)"
STOPWATCH = Path(__file__).resolve().parent / "panel_browser" / "stopwatch.js"
GOALS_MS = {"first page": 2_000.0, "filter": 300.0}
_LIBRARIES = ("streamlit", "fastapi", "ray", "sqlalchemy", "playwright")
_COOKIE = "evoq_session"
_PLACE = ".st-key-evoq-pager-strategies [data-testid=stCaptionContainer]"


@contextmanager
def visitor(browser: Browser, url: str, token: str) -> Iterator[Page]:
    """Open a page of somebody who is signed in, with a browser that was never here."""
    watch = Watch()
    context = watch.over(browser.new_context(viewport={"width": 1440, "height": 900}))
    context.add_init_script(path=STOPWATCH)
    context.add_cookies([{"name": _COOKIE, "value": token, "url": url}])
    yield context.new_page()
    context.close()
    assert not watch.errors, watch.errors
    assert not watch.elsewhere, watch.elsewhere


def first_page(browser: Browser, url: str, token: str, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Visit the live page, and visit it again."""
    times: dict[str, list[dict[str, float]]] = {"first page, cold": [], "first page, warm": []}
    for _ in range(rounds):
        with visitor(browser, url, token) as page:
            for taken in times.values():
                page.goto(url, wait_until="commit")
                taken.append(page.evaluate("evoqStopwatch.opened"))
    return times


def filters(browser: Browser, url: str, token: str, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Search the table of strategies for a word, for all again, for another word."""
    words = itertools.cycle(("mom", "", "ETH", "", "reversion", "", "BTC", ""))
    taken: list[dict[str, float]] = []
    with visitor(browser, url, token) as page:
        page.goto(f"{url}/quantitative")
        page.locator(_PLACE).wait_for()
        search = page.get_by_role("textbox").first
        for word in itertools.islice(words, rounds):
            page.evaluate("selector => { evoqStopwatch.changed(selector); }", _PLACE)
            search.fill(word)
            taken.append(page.evaluate("evoqStopwatch.change"))
    return {"filter of the strategies": taken}


def asked_of_the_api(url: str, token: str, ids: Sequence[str], rounds: int) -> dict[str, list[dict[str, float]]]:
    """Ask the API what these pages ask it, one request after the other."""
    sorts = ("-oos_scs", "-scs", "sharpe", "id")
    kinds: dict[str, Callable[[int], str]] = {
        "API: overview": lambda _: f"{bench_api.Q}/overview",
        "API: map of all strategies": lambda _: f"{bench_api.Q}/strategies/map",
        "API: 50 strategies, sorted": lambda n: f"{bench_api.Q}/strategies?limit=50&sort={sorts[n % 4]}",
        "API: 50 strategies, filtered": lambda n: (
            f"{bench_api.Q}/strategies?limit=50&q=mom&type={bench_api.TYPES[n % 5]}&symbol={bench_api.SYMBOLS[n % 3]}"
        ),
        "API: 50 trades of a strategy": lambda n: (
            f"{bench_api.Q}/strategies/{ids[n % len(ids)]}/trades?source=paper&limit=50"
        ),
    }
    times: dict[str, list[dict[str, float]]] = {}
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60.0) as client:
        for kind, path in kinds.items():
            client.get(path(0)).raise_for_status()  # both replicas have a connection to the database
            taken = times.setdefault(kind, [])
            for number in range(10 * rounds):
                began = time.perf_counter()
                client.get(path(number)).raise_for_status()
                taken.append({"shown_ms": 1e3 * (time.perf_counter() - began)})
    return times


def summary(times: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return quantiles of what was measured."""
    shown = [each["shown_ms"] for each in times]
    server = [each["server_ms"] for each in times if each.get("server_ms") is not None]
    row = {
        "n": len(shown),
        "p50_ms": float(np.percentile(shown, 50)),
        "p95_ms": float(np.percentile(shown, 95)),
        "max_ms": max(shown),
    }
    if server:
        row["server_p50_ms"] = float(np.percentile(server, 50))
    return {name: round(value, 1) for name, value in row.items()}


def measured(executable: Path, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Fill a database, serve API and panel, and measure both."""
    with tempfile.TemporaryDirectory(prefix="evoq-bench-") as folder:
        Path(folder).chmod(0o711)
        os.environ["EVOQ_HOME"] = folder
        with open_database(Path(folder), {}) as database:
            ids = bench_api.populate(database, options.strategies, options.seed)
            add_trades(database, ids, options.trades, options.seed)
            token = Tokens(Path(folder)).path(Role.OPERATE).read_text()
            port = free_port()
            api = f"http://127.0.0.1:{port}"
            with (
                bench_api.SERVERS[options.server]({"EVOQ_HOME": folder, "EVOQ_HTTP_PORT": str(port)}),
                served_panel({"EVOQ_HOME": folder, "EVOQ_API_URL": api}) as panel,
                opened_browser(executable) as browser,
            ):
                bench_api.wait_until_up(api)
                first_page(browser, panel, token, 1)  # the panel's own imports
                times = first_page(browser, panel, token, options.rounds)
                times |= filters(browser, panel, token, options.rounds)
                times |= asked_of_the_api(api, token, ids, options.rounds)
    return {kind: summary(taken) for kind, taken in times.items()}


def as_markdown(report: dict[str, Any]) -> str:
    """Return the report as a table."""
    named = ", ".join(f"{name} {number}" for name, number in report["versions"].items())
    lines = [
        f"`make bench-ui` on {report['machine']}; {named}. Load average when it began: {report['load_average']:.1f}.",
        "",
        f"{report['strategies']:,} strategies, {report['trades']:,} trades; API: {report['server']}. The browser shares"
        " the processors with the servers. A filter's time includes 120 ms in which the field waits for another letter."
        f" Goals: a first page within {GOALS_MS['first page'] / 1e3:g} s, a filter within {GOALS_MS['filter']:g} ms.",
        "",
        "| | n | p50 | p95 | max | server's part, p50 |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for kind, row in report["results"].items():
        server = f"{row['server_p50_ms']:,.0f} ms" if "server_p50_ms" in row else ""
        lines.append(
            f"| {kind} | {row['n']:.0f} | {row['p50_ms']:,.0f} ms | {row['p95_ms']:,.0f} ms | {row['max_ms']:,.0f} ms |"
            f" {server} |"
        )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print the table, write what was asked for, and return the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strategies", type=int, default=1_034)
    parser.add_argument("--trades", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20, help="visits, and filters; ten times as many requests")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--server", choices=list(bench_api.SERVERS), default="Ray Serve")
    output_options(parser)
    options = parser.parse_args(arguments)
    executable = find_browser()
    if executable is None:
        raise SystemExit(f"evoq: {WHAT_TO_INSTALL}")
    report = {
        "machine": machine(),
        "versions": versions(_LIBRARIES),
        "load_average": os.getloadavg()[0],
        "strategies": options.strategies,
        "trades": options.trades,
        "server": options.server,
        "results": measured(executable, options),
    }
    publish(report, as_markdown(report), options, SECTION)
    return report


if __name__ == "__main__":
    main()

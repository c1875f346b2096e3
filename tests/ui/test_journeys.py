"""What people do at the panel, in a real browser with a real desk: one after the other, on the same page."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psutil
import pytest
from command_line import EVOQ, environment, evoq
from guest import PATIENCE_MS, Guest
from panel_browser.find_browser import WHAT_TO_INSTALL, find_browser
from panel_browser.opened_browser import Watch, opened_browser
from playwright.sync_api import Browser, Route, expect
from real_desk import RealDesk, running_desk

import ui
from ui.panel.catalogue import catalogue
from ui.panel.discovery import FoundPage, discovered_pages

PASSWORD = "a quiet house by the sea"
WIDE = {"width": 1440, "height": 1000}
SEVERAL_REDRAWS_MS = 9_000
REASON = "it held its own out of sample"
SHOWN = "plot => [plot.layout.xaxis.range, plot.layout.yaxis.range]"
AS_STARTED = dict(os.environ)  # the session's fixtures take what is a machine's own out of it

pytestmark = [pytest.mark.alone, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = find_browser(AS_STARTED)
    if found is None:
        pytest.skip(WHAT_TO_INSTALL)
    with opened_browser(found) as browser:
        yield browser


@pytest.fixture(scope="module")
def desk(browser: Browser, _clean_environment: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDesk]:
    home = tmp_path_factory.mktemp("desk")
    home.chmod(0o711)
    assert evoq("config", "set", "evolution_interval=3", home=home).returncode == 0
    with running_desk(home) as running:
        change = [EVOQ, "passwd", "--stdin"]
        subprocess.run(change, env=environment(home, **running.settings), input=PASSWORD, text=True, check=True)
        yield running


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


@pytest.fixture(scope="module")
def guest(browser: Browser, desk: RealDesk, watch: Watch) -> Guest:
    context = watch.over(browser.new_context(viewport=WIDE, locale="en-GB"))
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    return Guest(context.new_page(), f"http://127.0.0.1:{desk.port('EVOQ_PANEL_PORT')}")


@pytest.fixture(scope="module")
def client(desk: RealDesk) -> Iterator[ui.Client]:
    token = (desk.home / "token.operate").read_text().strip()
    with ui.connect(f"http://127.0.0.1:{desk.port('EVOQ_HTTP_PORT')}", token, patience_s=30.0) as client:
        yield client


@contextmanager
def silent_api(desk: RealDesk) -> Iterator[None]:
    """Let nothing of the HTTP API answer for a while."""
    frozen = [each for each in desk.of_ray() if "".join(each.cmdline()).startswith(("ray::Proxy", "ray::ServeReplica"))]
    assert frozen
    try:
        for process in frozen:
            process.suspend()
        yield
    finally:
        for process in frozen:
            try:
                process.resume()
            except psutil.NoSuchProcess:  # the supervisor has already put another in its place
                continue


def test_sign_in_takes_the_password_only(guest: Guest):
    guest.page.goto(f"{guest.url}/operations-log")
    guest.sign_in("a guess, and no more")
    expect(guest.page.get_by_role("alert")).to_have_text(guest.text("sign_in.wrong").replace("`", ""))
    guest.sign_in(PASSWORD)
    expect(guest.title).to_have_text(guest.text("operations.title"))
    guest.page.reload()
    expect(guest.title).to_have_text(guest.text("operations.title"))


def test_language_is_switched_and_stays_from_page_to_page(guest: Guest):
    guest.go_to("overview.title")
    guest.speak("zh", "中文")
    expect(guest.title).to_have_text(guest.text("overview.title"))
    guest.go_to("strategies.title")
    guest.speak("en", "English")
    expect(guest.title).to_have_text(guest.text("strategies.title"))


def test_generation_arrives_by_itself(guest: Guest):
    guest.go_to("overview.title")
    guest.page.evaluate("window.evoqHere = true")
    tile = guest.tile("overview.generation")
    expect(tile).to_have_text(re.compile(r"\d"))
    expect(tile).not_to_have_text(tile.inner_text())
    assert guest.page.evaluate("window.evoqHere")


def test_zoom_of_a_plot_outlives_the_data_it_was_made_on(guest: Guest):
    guest.go_to("overview.title")
    plot = guest.plot()
    guest.drag_over(plot)
    zoomed = plot.evaluate(SHOWN)
    drawn = plot.evaluate("plot => { plot.evoqHere = true; return plot.evoqData = JSON.stringify(plot.data); }")
    assert drawn
    handle = plot.element_handle()
    guest.page.wait_for_function("plot => plot.evoqData !== JSON.stringify(plot.data)", arg=handle)
    assert plot.evaluate("plot => plot.evoqHere")
    assert plot.evaluate(SHOWN) == zoomed


def test_plot_comes_however_late_its_script_is(guest: Guest, browser: Browser):
    attempts: list[str] = []

    def answer(route: Route) -> None:
        attempts.append(route.request.url)
        if len(attempts) == 1:
            route.abort()
        else:
            guest.page.wait_for_timeout(SEVERAL_REDRAWS_MS)
            route.continue_()

    with browser.new_context(viewport=WIDE, locale="en-GB") as context:
        other = Guest(context.new_page(), guest.url)
        other.page.route("**/plots/plotly-*", answer)
        other.page.goto(f"{other.url}/login")
        other.sign_in(PASSWORD)
        expect(other.plot()).to_have_attribute("role", "figure")
        assert len(attempts) > 1


def test_candles_are_zoomed_by_dragging_over_them(guest: Guest):
    guest.go_to("market.title")
    before = guest.plot().evaluate(SHOWN)
    guest.drag_over(guest.plot())
    guest.page.wait_for_function("() => new URLSearchParams(location.search).has('from')")
    expect(guest.page.get_by_role("button", name=guest.text("window.newest"))).to_be_enabled()
    zoomed = guest.plot().evaluate(SHOWN)
    assert before[0][0] < zoomed[0][0] < zoomed[0][1] < before[0][1]
    guest.page.reload()
    again = guest.plot().evaluate(SHOWN)
    assert before[0][0] < again[0][0] < again[0][1] < before[0][1]


def test_evolution_is_paused(guest: Guest, client: ui.Client, desk: RealDesk):
    desk.until(lambda: any(each.oos_scs is not None for each in client.strategies(limit=1)))
    guest.go_to("evolution.title")
    guest.confirm(guest.text("evolution.pause"), "time to look around")
    expect(guest.tile("evolution.state")).to_contain_text(catalogue("en").word("evolution", "paused"))
    assert client.overview().evolution.state == "paused"


def test_best_strategy_is_found_and_tells_why_it_has_its_grade(guest: Guest, client: ui.Client):
    best = client.strategy(client.strategies(sort="-oos_scs", limit=1).items[0].id)
    for _ in range(3):  # live parts of the list are due meanwhile: none of them may end the other page
        guest.go_to("strategies.title")
        guest.click_row(0, x=120)
        expect(guest.page).to_have_url(re.compile(rf"/strategy\?(.*&)?id={best.id}"))
    main = guest.page.get_by_test_id("stMain")
    expect(main).to_contain_text(guest.text("strategy.grade_n", grade=best.grade))
    assert best.grade == "C", "candles without a trend have none that is better"
    table = guest.page.locator(".evoq-table", has_text=guest.text("strategy.needed"))
    expect(table.locator("tbody tr")).to_have_count(len(best.conditions))
    unmet = [each for each in best.conditions if not each.met]
    assert unmet
    for condition in unmet:
        row = table.locator("tr", has_text=catalogue("en").word("condition", condition.name))
        expect(row).not_to_contain_text(guest.text("strategy.met"))


def test_strategy_is_enabled_with_a_reason_that_the_operations_log_keeps(guest: Guest, client: ui.Client):
    strategy = re.search(r"id=(\w+)", guest.page.url).group(1)
    guest.confirm(guest.text("strategies.enable"), REASON)
    assert client.strategy(strategy).enabled
    guest.go_to("operations.title")
    guest.click_row(0, x=15)  # its box
    logged = client.operations_log(limit=1).items[0]
    assert (logged.action, logged.target, logged.reason) == ("enable", strategy, REASON)
    assert logged.actor == "session.operate"
    expect(guest.page.get_by_test_id("stCode").last).to_contain_text('"enabled": true')


def test_table_of_a_long_list_has_no_menu_that_sorts_its_part_only(guest: Guest):
    guest.go_to("strategies.title")
    table = guest.page.get_by_test_id("stDataFrame").first
    place = table.get_by_test_id("data-grid-canvas").bounding_box()
    assert place is not None
    y, end = place["y"] + 17, place["x"] + 150  # of the first column, behind the boxes
    guest.page.mouse.move(end - 50, y)
    guest.page.mouse.click(end - 12, y)
    expect(guest.page.get_by_test_id("stDataFrameColumnMenuTarget")).to_be_attached()
    expect(guest.page.get_by_test_id("stDataFrameColumnMenu")).to_be_hidden()
    expect(table.get_by_test_id("stElementToolbar")).to_be_hidden()
    guest.title.click()
    expect(guest.page.get_by_test_id("stDataFrameColumnMenuTarget")).not_to_be_attached()


def test_setting_is_changed_and_the_page_says_by_whom(guest: Guest, client: ui.Client):
    before = client.config()
    guest.go_to("settings.title")
    label = re.compile(re.escape(guest.text("settings.max_enabled")))
    field = guest.page.get_by_role("spinbutton", name=label)
    field.fill("17")
    field.press("Enter")
    guest.confirm(guest.text("settings.save"), "seventeen are enough")
    after = client.config()
    assert after.management == replace(before.management, max_enabled=17)
    assert after.auto_trading == before.auto_trading
    expect(guest.page.get_by_test_id("stMain")).to_contain_text("session.operate")


def test_evolution_is_resumed(guest: Guest, client: ui.Client):
    guest.go_to("evolution.title")
    guest.confirm(guest.text("evolution.resume"), "enough seen")
    expect(guest.tile("evolution.state")).to_contain_text(catalogue("en").word("evolution", "running"))


@pytest.mark.parametrize("found", discovered_pages(), ids=lambda found: found.name)
def test_page_fits_a_phone(guest: Guest, found: FoundPage):
    guest.page.set_viewport_size({"width": 390, "height": 844})
    guest.open(found.page.path)
    expect(guest.page.locator(".evoq-loading")).to_have_count(0)
    assert guest.page.evaluate("document.scrollingElement.scrollWidth") <= 390
    assert guest.page.get_by_test_id("stMain").evaluate("main => main.scrollWidth - main.clientWidth") <= 0
    header, title = guest.page.get_by_test_id("stHeader").bounding_box(), guest.title.bounding_box()
    assert header is not None
    assert title is not None
    assert header["y"] + header["height"] <= title["y"]


def test_api_that_is_lost_is_told_and_found_again_without_a_reload(guest: Guest, desk: RealDesk):
    guest.page.set_viewport_size(WIDE)
    guest.open()
    guest.page.evaluate("window.evoqHere = true")
    counted = guest.tile("overview.enabled")
    expect(counted).to_have_text(re.compile(r"\d"))
    with silent_api(desk):
        stale = guest.page.locator(".evoq-stale").first
        expect(stale).to_contain_text(re.compile(r"has not answered for \d+ s; data of \d\d:\d\d:\d\d"))
        expect(counted).to_have_text(re.compile(r"\d"))
    expect(guest.page.locator(".evoq-stale")).to_have_count(0)
    assert guest.page.evaluate("window.evoqHere")
    desk.until_well()


def test_browser_saw_no_error_and_asked_nobody_but_this_machine(guest: Guest, watch: Watch):
    assert guest.page.url.startswith(guest.url)
    wrong_password = [each for each in watch.errors if "401 (Unauthorized)" in each and "/login" in each]
    assert watch.errors == wrong_password[:1]
    assert watch.elsewhere == []

import json

import bench_ui
import pytest
from panel_browser.find_browser import WHAT_TO_INSTALL, find_browser

pytestmark = pytest.mark.alone

BROWSER = find_browser()  # before the session's fixtures take what is a machine's own out of the environment


@pytest.mark.timeout(400)
def test_bench_ui_short_form_measures_pages_filters_and_the_api(tmp_path, monkeypatch):
    if BROWSER is None:
        pytest.skip(WHAT_TO_INSTALL)
    monkeypatch.setenv("EVOQ_HOME", str(tmp_path))
    monkeypatch.setenv("EVOQ_BROWSER", str(BROWSER))
    document = tmp_path / "benchmarks.md"
    document.write_text("# Benchmarks\n\n## Other\n\nkept\n")
    sizes = ["--strategies", "60", "--trades", "600", "--rounds", "2", "--server", "one process"]
    report = bench_ui.main([*sizes, "--json", str(tmp_path / "ui.json"), "--document", str(document)])
    assert json.loads((tmp_path / "ui.json").read_text()) == report
    rows = report["results"]
    assert {"first page, cold", "first page, warm", "filter of the strategies"} <= set(rows)
    assert sum(kind.startswith("API: ") for kind in rows) == 5
    for kind, row in rows.items():
        assert 0.0 < row["p50_ms"] <= row["p95_ms"] <= row["max_ms"]
        assert ("server_p50_ms" in row) == (not kind.startswith("API: "))
    text = document.read_text()
    assert "| first page, cold | 2 |" in text
    assert "kept" in text

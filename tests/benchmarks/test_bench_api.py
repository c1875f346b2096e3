import json

import bench_api
import pytest

pytestmark = [
    pytest.mark.alone,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # Ray Serve, where it is imported here first
]


@pytest.mark.parametrize("servers", [["one process"], pytest.param(list(bench_api.SERVERS), marks=pytest.mark.long)])
def test_bench_api_short_form_measures_every_answer(tmp_path, monkeypatch, servers):
    monkeypatch.setenv("EVOQ_HOME", str(tmp_path))
    document = tmp_path / "benchmarks.md"
    document.write_text("# Benchmarks\n\n## Other\n\nkept\n")
    options = ["--strategies", "60", "--requests", "8", "--together", "2", "--json", str(tmp_path / "api.json")]
    report = bench_api.main([*options, "--servers", *servers, "--document", str(document)])
    assert json.loads((tmp_path / "api.json").read_text()) == report
    assert list(report["results"]) == servers
    for kinds in report["results"].values():
        for rows in kinds.values():
            assert 0.0 < rows["2"]["p50_ms"] <= rows["2"]["p99_ms"] <= rows["2"]["max_ms"]
    assert "list of 500" in document.read_text()
    assert "kept" in document.read_text()

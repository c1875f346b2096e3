import json
import socket

import bench_push
import pytest
from push_load.traffic import TYPES, schedule

pytestmark = pytest.mark.alone


def test_schedule_is_a_minute_of_a_desk():
    events = schedule(60.0, 7)
    assert events == schedule(60.0, 7)
    assert events != schedule(60.0, 8)
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert {event.kind for event in events} == set(TYPES)
    assert len(events) == 60 * 10 + 30 + 6 * 101


@pytest.mark.parametrize(
    "servers", [["a process without Ray"], pytest.param(list(bench_push.SERVERS), marks=pytest.mark.long)], ids=len
)
def test_bench_push_short_form_everybody_hears_everything(tmp_path, monkeypatch, capsys, servers):
    monkeypatch.setenv("EVOQ_HOME", str(tmp_path))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    document = tmp_path / "benchmarks.md"
    document.write_text("# Benchmarks\n\n## Other\n\nkept\n")
    options = ["--clients", "60", "--deaf", "5", "--seconds", "3", "--port", str(port)]
    report = bench_push.main(
        [*options, "--servers", *servers, "--json", str(tmp_path / "push.json"), "--document", str(document)]
    )
    assert json.loads((tmp_path / "push.json").read_text()) == report
    assert list(report["results"]) == servers
    for row in report["results"].values():
        assert row["clients"] == 60
        assert row["received"] == row["expected"] == 55 * row["events"]
        assert (row["reader_gaps"], row["reader_holes"], row["readers_lost"]) == (0, 0, 0)
        assert 0.0 < row["p50_ms"] <= row["p99_ms"] <= row["p999_ms"] <= row["max_ms"]
        assert row["memory_clients_mib"] > 0.0
    text = document.read_text()
    assert "kept" in text
    assert bench_push.as_markdown(report).strip() in text
    assert capsys.readouterr().out.strip() in text

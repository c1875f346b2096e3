import json
import xml.etree.ElementTree as ET

import null_distribution
import numpy as np
import pytest
from campaigns.edgeless import edgeless_candles
from campaigns.histogram_svg import Bars, Panel, histogram_svg
from campaigns.luck import lucky_run, random_specs

import backtest
import strategies


def test_random_specs_are_of_all_types_and_a_function_of_their_seed():
    specs = random_specs(20, 3)
    assert [spec.type for spec in specs[:5]] == list(strategies.available())
    assert random_specs(20, 3) == specs
    assert random_specs(40, 3)[:20] == specs
    assert random_specs(20, 4) != specs


def test_lucky_run_measures_selection_and_what_follows_apart():
    candles, specs = edgeless_candles(None, 2, 3_000), random_specs(40, 2)
    luck = lucky_run(candles, 2_000, specs)
    first = candles[:2_000]
    assert np.array_equal(luck.scores, backtest.score_many(specs, first))
    best = specs[int(np.argmax(luck.scores))]
    later = backtest.out_of_sample(best, candles, 2_000)
    assert luck.later == later.scs
    reports = [backtest.run(spec, first, backtest.Costs(0, 0)) for spec in specs]
    sharpes = [report.metrics["sharpe"] for report in reports]
    np.testing.assert_array_equal(luck.sharpes, sharpes)
    moments = backtest.return_moments(backtest.bar_returns(reports[int(np.nanargmax(sharpes))]))
    assert luck.psr == pytest.approx(backtest.probabilistic_sharpe_ratio(moments), abs=1e-6)
    assert luck.dsr < luck.psr


def test_null_distribution_in_short_form_writes_numbers_document_and_picture(tmp_path):
    document, numbers, picture = (tmp_path / name for name in ("page.md", "numbers.json", "null.svg"))
    document.write_text(f"before\n\n{null_distribution.BEGIN}\nold\n{null_distribution.END}\n\nafter\n")
    arguments = ["--markets", "3", "--strategies", "30", "--bars", "1500", "--candles", str(tmp_path)]
    arguments += ["--json", str(numbers), "--document", str(document), "--document-image", str(picture)]
    report = null_distribution.main(arguments)
    assert json.loads(numbers.read_text()) == report
    assert report["sources"] == []
    for each, n in ((report["scs"]["single"], 90), (report["scs"]["best"], 3), (report["scs"]["later"], 3)):
        assert each["n"] == n == sum(each["counts"])
        assert list(each["quantiles"].values()) == sorted(each["quantiles"].values())
    assert report["scs"]["best_of"]["10"] <= report["scs"]["best_of"]["30"]
    text = document.read_text()
    assert text.startswith("before\n\n")
    assert text.endswith("\n\nafter\n")
    assert "old" not in text
    assert "3 markets of 1,500 hourly bars without any edge, 30 random strategies on each" in text
    first = picture.read_bytes()
    ET.fromstring(first)
    picture.unlink()
    null_distribution.main([*arguments[:8], "--document-image", str(picture)])
    assert picture.read_bytes() == first


def test_null_distribution_refuses_a_document_without_a_place_for_it(tmp_path):
    document = tmp_path / "page.md"
    document.write_text("nothing\n")
    with pytest.raises(SystemExit, match="must hold the lines"):
        null_distribution.put(document, "text")


def test_histogram_cuts_and_labels_what_is_too_high_and_escapes_words():
    panel = Panel("a < b", "x", 0.0, 10.0, [0, 5, 10], [Bars("one & two", [9, 1], "#000000")], 5.0, "five", 20.0)
    drawn = histogram_svg([panel], "a & b")
    root = ET.fromstring(drawn)
    words = [element.text for element in root.iter() if element.tag.endswith(("text", "title"))]
    assert {"a < b", "one & two", "five", "a & b", "90 %, cut off"} <= set(words)
    assert panel.y(90.0) == panel.y(20.0) < panel.y(10.0) < panel.y(0.0)

"""Strategies over HTTP: lists, one of them, its curves, its ancestors and its neighbourhood."""

import numpy as np
import pytest
from api_desk import CANDLES, FINALISTS, SIZE, SPLIT, WITH_CURVES

from backtest import neighbourhood, out_of_sample
from cluster.api.heavy_work import HeavyWork
from storage import EvidenceRepository
from strategies import StrategySpec

Q = "/api/quantitative"
LIST_FIELDS = [
    "id", "type", "symbol", "timeframe", "venue", "origin", "parameters", "generation", "round", "state",
    "enabled", "money", "scs", "oos_scs", "grade", "grade_reason", "n_trades", "oos_trades", "win_rate", "sharpe",
    "profit_factor", "max_drawdown", "volatility", "weight", "pnl_day", "spark", "version",
]  # fmt: skip
DETAIL_FIELDS = [
    *LIST_FIELDS,
    "score_parts", "psr", "dsr", "n_trials", "n_trials_effective", "excess_return", "folds", "drift_bps",
    "capacity", "hurdle_rate", "created_at", "in_sample_scs", "dsr_raw", "total_return", "buy_and_hold", "exposure",
    "finalist", "selected_until", "conditions", "run_id", "species", "child", "operator", "seed", "engine_version",
    "data_hash", "cost_hash", "state_since",
]  # fmt: skip


@pytest.fixture(scope="module")
def client(api_desk):
    with api_desk.client("read") as client:
        yield client


def all_pages(client, query=""):
    items, cursor = [], None
    while True:
        answer = client.get(f"{Q}/strategies?limit=7{query}" + (f"&cursor={cursor}" if cursor else "")).json()
        items += answer["items"]
        cursor = answer["next_cursor"]
        if cursor is None:
            return items


def test_strategy_list_has_the_fields_of_the_interface_and_the_best_evidence_first(client):
    answer = client.get(f"{Q}/strategies").json()
    assert set(answer) == {"items", "next_cursor", "total", "as_of"}
    assert answer["total"] == SIZE
    assert len(answer["items"]) == 50
    assert all(set(item) == set(LIST_FIELDS) for item in answer["items"])
    known = [item["oos_scs"] for item in answer["items"] if item["oos_scs"] is not None]
    assert known == sorted(known, reverse=True)
    assert len(known) == FINALISTS
    assert answer["items"][-1]["oos_scs"] is None


def test_strategy_list_of_finalists_has_sparks_of_their_curves(client, api_desk):
    items = {item["id"]: item for item in client.get(f"{Q}/strategies").json()["items"]}
    curve = EvidenceRepository(api_desk.database.engine).curve(api_desk.ids[0], "oos")
    spark = items[api_desk.ids[0]]["spark"]
    assert len(spark) == 24
    assert spark[0] == pytest.approx(curve["index"][0], abs=1e-5)
    assert spark[-1] == pytest.approx(curve["index"][-1], abs=1e-5)
    assert sum(item["spark"] is not None for item in items.values()) == WITH_CURVES


@pytest.mark.parametrize("sort", ["-oos_scs", "scs", "-scs", "id", "-n_trades", "sharpe", "created_at"])
def test_strategy_pages_through_the_whole_list_show_everybody_once(client, sort):
    items = all_pages(client, f"&sort={sort}")
    assert len(items) == SIZE
    assert len({item["id"] for item in items}) == SIZE
    name = sort.removeprefix("-")
    if name != "created_at":
        values = [item[name] for item in items if item[name] is not None]
        assert values == sorted(values, reverse=sort.startswith("-"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("type=momentum", SIZE),
        ("type=breakout", 0),
        ("symbol=BTC/USDT:USDT", SIZE),
        ("timeframe=1m", 0),
        ("venue=simulated-4", SIZE),
        ("grade=C", SIZE),
        ("grade=A", 0),
        ("state=candidate", SIZE),
        ("enabled=true", 0),
        ("money=simulated", SIZE),
        ("money=real", 0),
        ("q=MOMENT", SIZE),
        ("q=nothing-of-the-sort", 0),
        ("from=4102444800000", 0),
        ("to=4102444800000", SIZE),
    ],
)
def test_strategy_filter_is_counted_in_total(client, query, expected):
    answer = client.get(f"{Q}/strategies?limit=500&{query}").json()
    assert answer["total"] == expected
    assert len(answer["items"]) == expected


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "invalid_value"),
        ("limit=501", "invalid_value"),
        ("limit=ten", "invalid_value"),
        ("sort=shoe_size", "invalid_value"),
        ("cursor=made-up", "invalid_value"),
        ("grade=D", "invalid_value"),
        ("state=rich", "invalid_value"),
        ("money=mine", "invalid_value"),
        ("enabled=perhaps", "invalid_value"),
        ("from=yesterday", "invalid_value"),
        ("to=-1", "invalid_value"),
        ("from=99999999999999999", "invalid_value"),
        ("grad=A", "unknown_parameter"),
        ("type=%00", "invalid_value"),
    ],
)
def test_strategy_list_refuses_a_bad_parameter_in_one_line(client, query, code):
    response = client.get(f"{Q}/strategies?{query}")
    problem = response.json()
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert set(problem) == {"type", "title", "status", "detail", "code"}
    assert problem["code"] == code
    assert "\n" not in problem["detail"]


def test_strategy_cursor_of_another_list_is_refused(client):
    cursor = client.get(f"{Q}/strategies?limit=5").json()["next_cursor"]
    assert client.get(f"{Q}/strategies?limit=5&grade=C&cursor={cursor}").status_code == 422


def test_strategy_detail_has_the_fields_of_the_interface(client, api_desk):
    answer = client.get(f"{Q}/strategies/{api_desk.ids[3]}").json()
    assert set(answer) == set(DETAIL_FIELDS)
    assert answer["id"] == api_desk.ids[3]
    assert answer["score_parts"].keys() == {"win_rate", "sharpe"}
    assert answer["folds"][0]["kind"] == "train"
    assert isinstance(answer["created_at"], int)
    assert answer["dsr"] == 0.4
    for later in ("weight", "pnl_day", "drift_bps", "capacity", "hurdle_rate"):
        assert answer[later] is None


def test_strategy_detail_names_every_condition_of_a_grade_with_its_value(client, api_desk):
    answer = client.get(f"{Q}/strategies/{api_desk.ids[3]}").json()
    found = {each["name"]: each for each in answer["conditions"]}
    assert list(found) == ["oos_trades", "oos_scs", "excess", "psr", "dsr"]
    assert found["oos_scs"]["value"] == answer["oos_scs"]
    assert found["dsr"] == {"name": "dsr", "grades": "A", "value": 0.4, "needed": 0.95, "met": False}
    assert found["excess"] == {"name": "excess", "grades": "AB", "value": None, "needed": 0.0, "met": False}


def test_strategy_detail_without_evidence_has_conditions_without_values(client, api_desk):
    answer = client.get(f"{Q}/strategies/{api_desk.ids[FINALISTS]}").json()
    assert not answer["finalist"]
    assert {each["value"] for each in answer["conditions"]} == {None}
    assert not any(each["met"] for each in answer["conditions"])


@pytest.mark.parametrize("path", ["", "/equity", "/lineage", "/neighbourhood"])
def test_strategy_unknown_id_is_not_found(client, path):
    response = client.get(f"{Q}/strategies/nobody{path}")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def spec_of(client, strategy):
    row = client.get(f"{Q}/strategies/{strategy}").json()
    return StrategySpec(row["type"], row["parameters"])


@pytest.mark.parametrize("number", [2, WITH_CURVES], ids=["stored", "computed"])
@pytest.mark.parametrize(("source", "start"), [("backtest", 0), ("oos", SPLIT)])
def test_equity_is_that_of_the_backtest_whether_stored_or_computed(client, api_desk, number, source, start):
    strategy = api_desk.ids[number]
    answer = client.get(f"{Q}/strategies/{strategy}/equity?source={source}").json()
    expected = out_of_sample(spec_of(client, strategy), CANDLES, start)
    assert answer["time"] == expected.times.tolist()
    assert answer["equity"] == pytest.approx(expected.index.tolist())
    assert answer["buy_and_hold"] == pytest.approx(expected.buy_and_hold.tolist())
    assert min(answer["drawdown"]) == pytest.approx(-expected.metrics["max_drawdown"])
    assert answer["source"] == source


def test_equity_of_who_is_no_finalist_is_computed_but_not_out_of_sample(client, api_desk):
    strategy = api_desk.ids[FINALISTS + 10]
    answer = client.get(f"{Q}/strategies/{strategy}/equity").json()
    assert answer["equity"] == pytest.approx(out_of_sample(spec_of(client, strategy), CANDLES, 0).index.tolist())
    refused = client.get(f"{Q}/strategies/{strategy}/equity?source=oos")
    assert (refused.status_code, refused.json()["code"]) == (404, "no_evidence")


def test_equity_in_few_points_keeps_the_extremes(client, api_desk):
    whole = client.get(f"{Q}/strategies/{api_desk.ids[1]}/equity").json()
    few = client.get(f"{Q}/strategies/{api_desk.ids[1]}/equity?points=30").json()
    assert len(few["time"]) <= 30
    assert (min(few["equity"]), max(few["equity"])) == (min(whole["equity"]), max(whole["equity"]))


@pytest.mark.parametrize("source", ["paper", "live"])
def test_equity_of_trading_says_that_there_is_no_trading_yet(client, api_desk, source):
    response = client.get(f"{Q}/strategies/{api_desk.ids[1]}/equity?source={source}")
    assert (response.status_code, response.json()["code"]) == (404, "not_there_yet")


@pytest.mark.parametrize("query", ["points=2001", "points=3", "source=dream", "depth=3"])
def test_equity_refuses_a_bad_parameter(client, api_desk, query):
    assert client.get(f"{Q}/strategies/{api_desk.ids[1]}/equity?{query}").status_code == 422


def test_equity_in_too_few_points_is_refused_with_rule_value_and_cure(client, api_desk):
    response = client.get(f"{Q}/strategies/{api_desk.ids[1]}/equity?points=1")
    assert response.status_code == 422
    assert response.json()["detail"] == "parameter points must be greater than or equal to 4, was '1': send 4 or more"


def test_equity_without_its_candles_says_what_is_missing(client, api_desk):
    (path,) = (api_desk.home / "candles").glob("*.parquet")
    hidden = path.rename(path.with_suffix(".hidden"))
    try:
        response = client.get(f"{Q}/strategies/{api_desk.ids[FINALISTS + 11]}/equity")
    finally:
        hidden.rename(path)
    assert (response.status_code, response.json()["code"]) == (404, "candles_gone")
    assert client.get(f"{Q}/strategies/{api_desk.ids[FINALISTS + 11]}/equity").status_code == 200


def test_neighbourhood_is_that_of_the_backtest_and_computed_once(client, api_desk):
    strategy = api_desk.ids[20]
    first = client.get(f"{Q}/strategies/{strategy}/neighbourhood").json()
    expected = neighbourhood(spec_of(client, strategy), CANDLES)
    assert first["x_values"] == expected.x_values.tolist()
    assert first["y_values"] == expected.y_values.tolist()
    assert np.array_equal(first["scs"], expected.scs)
    assert (first["x"], first["y"]) == ("lookback_period", "threshold")
    (path,) = (api_desk.home / "candles").glob("*.parquet")
    hidden = path.rename(path.with_suffix(".hidden"))
    try:  # what is known needs no candles
        assert client.get(f"{Q}/strategies/{strategy}/neighbourhood").json() == first
    finally:
        hidden.rename(path)


def test_neighbourhood_over_chosen_parameters(client, api_desk):
    answer = client.get(f"{Q}/strategies/{api_desk.ids[5]}/neighbourhood?x=stop_loss&y=threshold").json()
    assert (answer["x"], answer["y"]) == ("stop_loss", "threshold")
    assert len(answer["scs"]) == len(answer["y_values"])
    assert all(len(row) == len(answer["x_values"]) for row in answer["scs"])


@pytest.mark.parametrize("query", ["x=shoe_size", "x=threshold&y=threshold", "x=quantity"])
def test_neighbourhood_refuses_what_is_no_parameter(client, api_desk, query):
    response = client.get(f"{Q}/strategies/{api_desk.ids[5]}/neighbourhood?{query}")
    assert (response.status_code, response.json()["code"]) == (422, "invalid_value")


def test_lineage_names_ancestors_by_the_ids_they_have_as_strategies(client, api_desk):
    answer = client.get(f"{Q}/strategies/{api_desk.ids[45]}/lineage?depth=2").json()
    nodes = {node["id"]: node for node in answer["nodes"]}
    assert answer["nodes"][0]["id"] == api_desk.ids[45]
    assert nodes[api_desk.ids[25]]["depth"] == 1
    listed = {each for each in nodes if client.get(f"{Q}/strategies/{each}").status_code == 200}
    assert {each for each, node in nodes.items() if node["alive"]} == listed
    assert nodes[api_desk.ids[6]]["depth"] == 2
    assert {"parent": api_desk.ids[25], "child": api_desk.ids[45]} in answer["edges"]
    assert nodes[api_desk.ids[25]]["parameters"] == {
        name: value
        for name, value in client.get(f"{Q}/strategies/{api_desk.ids[25]}").json()["parameters"].items()
        if name != "quantity"
    }


@pytest.mark.parametrize("depth", [-1, 51, "deep"])
def test_lineage_refuses_a_depth_out_of_bounds(client, api_desk, depth):
    assert client.get(f"{Q}/strategies/{api_desk.ids[45]}/lineage?depth={depth}").status_code == 422


def test_heavy_answers_asked_for_together_are_computed_once_and_do_not_hold_up_others(api_desk):
    computed = []

    class Counting(HeavyWork):
        def _work(self, key, compute):
            computed.append(key)
            return super()._work(key, compute)

    with api_desk.client("read", work=Counting()) as client:
        asked = [("GET", f"{Q}/strategies/{api_desk.ids[30]}/neighbourhood", {}) for _ in range(6)]
        answers = client.together([*asked, ("GET", "/health", {})])
    assert [answer.status_code for answer in answers] == [200] * 7
    assert len({answer.text for answer in answers[:6]}) == 1
    assert len(computed) == 1

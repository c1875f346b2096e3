"""Evolution over HTTP: generations, the archive, leaders, luck and runs; and a new run that is asked for."""

import json
from pathlib import Path

import pytest
from api_desk import FINALISTS, SIZE, SPECIES
from sqlalchemy import text

import cluster.api
from evolution import Behaviour, Dimension, Evolution, SerialRunner, Space, encode_state
from storage import CommandRepository, OperationsLogRepository, RunRepository, StrategyRepository

Q = "/api/quantitative"


@pytest.fixture(scope="module")
def client(api_desk):
    with api_desk.client() as client:
        yield client


def test_populations_are_one_row_a_generation_as_of_its_last_round(api_desk, client):
    answer = client.get(f"{Q}/evolution/populations").json()
    assert answer["run_id"] == api_desk.run_id
    assert [(one["generation"], one["evaluations"], one["best_scs"]) for one in answer["generations"]] == [
        (1, 40, 33.0),
        (2, 80, 37.0),
    ]
    assert [one["median_scs"] for one in answer["generations"]] == [13.0, 17.0]
    assert answer["generations"][0]["operators"] is None
    newest = client.get(f"{Q}/evolution/populations?generations=1").json()["generations"]
    assert [one["generation"] for one in newest] == [2]
    assert client.get(f"{Q}/evolution/populations", params={"species": SPECIES}).json()["generations"]
    assert client.get(f"{Q}/evolution/populations", params={"species": "none"}).json()["generations"] == []
    assert client.get(f"{Q}/evolution/populations?run_id=none").json()["code"] == "not_found"


def test_populations_tell_of_members_and_operators_that_were_written_down(api_desk, client):
    details = {"generation": 2, "members": {SPECIES: 60}, "operators": {"sbx": {"tried": 40, "accepted": 7}}}
    told = {"ts": 1_767_225_608_000, "event": "generation", "message": "x", "details": details}
    RunRepository(api_desk.database.engine).commit(
        api_desk.run_id, batch=3, state=b"state", trials=[], evaluations=80, generation=2, round=4, logs=[told]
    )
    first, second = client.get(f"{Q}/evolution/populations").json()["generations"]
    assert first["members"] is None
    assert second["members"] == {SPECIES: 60}
    assert second["operators"] == {"sbx": {"tried": 40, "accepted": 7, "founded": 0}}


def recorded_state():
    """Return the state of a small run, and the archive that is in it."""

    class Score:
        def __call__(self, candidates):
            return [candidate["x"] for candidate in candidates]

    states = []

    class Keeper:
        def record(self, commit):
            if commit.ends_generation:
                states.append(commit.state())

    def behaviours(candidates):
        return [Behaviour(1.0 + 30.0 * one["x"], one["x"], 2.0 * one["x"] - 1.0) for one in candidates]

    evolution = Evolution(
        SerialRunner(Score()), Space([Dimension("x", 0, 1)]), population=32, seed=3, journal=Keeper(),
        behaviours=behaviours,
    )  # fmt: skip
    evolution.run(2)
    return encode_state(evolution.optimizer.state()), evolution.optimizer.archive


def test_archive_is_a_map_of_the_best_for_each_way_of_trading(api_desk, client):
    state, archive = recorded_state()
    runs = RunRepository(api_desk.database.engine)
    runs.commit(api_desk.run_id, batch=4, state=state, trials=[], evaluations=120, generation=3, round=1)
    answer = client.get(f"{Q}/evolution/archive").json()
    assert answer["generation"] == 3
    expected = {elite.behaviour.cell: elite.member.score for elite in archive}
    assert len(expected) > 3
    assert {
        (cell["holding"], cell["exposure"], cell["correlation"]): cell["best_scs"] for cell in answer["cells"]
    } == expected
    assert answer["coverage"] == pytest.approx(len(expected) / 600)
    assert (len(answer["holding_bars"]), len(answer["exposure_edges"]), len(answer["correlation_edges"])) == (12, 11, 6)
    assert client.get(f"{Q}/evolution/archive?species=none").json()["cells"] == []


def test_archive_that_is_filled_when_a_generation_ends_is_told_then(api_desk, client):
    runs = RunRepository(api_desk.database.engine)
    filled, archive = recorded_state()
    empty = encode_state(Evolution(SerialRunner(len), Space([Dimension("x", 0, 1)]), population=32).optimizer.state())
    runs.commit(api_desk.run_id, batch=5, state=empty, trials=[], evaluations=5 * SIZE - 1, generation=5, round=4)
    assert client.get(f"{Q}/evolution/archive").json()["cells"] == []
    runs.commit(api_desk.run_id, batch=6, state=filled, trials=[], evaluations=5 * SIZE, generation=5, round=4)
    answer = client.get(f"{Q}/evolution/archive").json()
    assert (answer["generation"], len(answer["cells"])) == (5, len(archive))


def test_leaders_have_evidence_and_are_sorted_by_it(client):
    answer = client.get(f"{Q}/evolution/leaders").json()
    scores = [one["oos_scs"] for one in answer["items"]]
    assert len(scores) == FINALISTS
    assert scores == sorted(scores, reverse=True)
    assert {one["dsr"] for one in answer["items"]} == {0.4}
    assert (answer["threshold"], answer["overfitting"]) == (65.0, [])
    assert len(client.get(f"{Q}/evolution/leaders?limit=3").json()["items"]) == 3


def test_luck_is_as_measured_beside_the_scores_of_the_desk(api_desk, client):
    answer = client.get(f"{Q}/evolution/luck").json()
    assert len(answer["edges"]) == 41
    for kind in ("single", "best", "later"):
        assert len(answer[kind]["counts"]) == 40
        assert sum(answer[kind]["counts"]) == answer[kind]["n"]
    rows = StrategyRepository(api_desk.database.engine).page(limit=500).items
    for name in ("scs", "oos_scs"):
        scores = [row[name] for row in rows if row[name] is not None]
        assert answer[name]["n"] == len(scores)
        assert answer[name]["best"] == max(scores)
        counted = [sum(low <= score < low + 2.5 for score in scores) for low in answer["edges"][:-1]]
        assert answer[name]["counts"] == counted
    assert answer["scs"]["n"] == SIZE


def test_luck_that_is_shipped_is_what_was_measured():
    shipped = Path(cluster.api.__file__).with_name("null_distribution.json")
    measured = Path(__file__).parents[2] / "docs" / "null_distribution.json"
    assert json.loads(shipped.read_text()) == json.loads(measured.read_text())


def test_runs_are_told_with_their_settings(api_desk, client):
    (run,) = client.get(f"{Q}/runs").json()["items"]
    assert (run["id"], run["state"], run["settings"]["population"], run["settings"]["seed"]) == (
        api_desk.run_id, "running", SIZE, 7,
    )  # fmt: skip
    best = max(row["scs"] for row in StrategyRepository(api_desk.database.engine).page(limit=500).items)
    assert run["best_scs"] == best


def test_new_run_is_a_command_with_its_settings(api_desk, client):
    wishes = {"population": 64, "seed": 9, "generations_per_window": 5, "evolution_interval": 2.5}
    body = {"action": "start_evolution", "settings": wishes, "reason": "another seed"}
    answer = client.post(f"{Q}/system-control", json=body)
    assert answer.status_code == 202
    command = CommandRepository(api_desk.database.engine).get(answer.json()["command_id"])
    assert (command.action, command.parameters, command.reason) == ("start_evolution", wishes, "another seed")
    (logged,) = OperationsLogRepository(api_desk.database.engine).page(limit=1).items
    assert logged["after"] == {"command_id": command.id, **wishes}


@pytest.mark.parametrize(
    "body",
    [
        {"action": "start_evolution", "settings": {"population": 15}},
        {"action": "start_evolution", "settings": {"population": 20_001}},
        {"action": "start_evolution", "settings": {"seed": -1}},
        {"action": "start_evolution", "settings": {"evolution_interval": -1.0}},
        {"action": "start_evolution", "settings": {"generations_per_window": 0}},
        {"action": "start_evolution", "settings": {"colour": "red"}},
        {"action": "pause_evolution", "settings": {}},
    ],
)
def test_new_run_that_cannot_be_meant_is_refused(client, body):
    assert client.post(f"{Q}/system-control", json=body).status_code == 422


def test_evolution_without_a_run_says_so(api_desk, client):
    with api_desk.database.engine.begin() as connection:
        connection.execute(text("TRUNCATE runs CASCADE"))
    for what in ("populations", "archive"):
        assert client.get(f"{Q}/evolution/{what}").json()["code"] == "no_run"
    assert client.get(f"{Q}/evolution/leaders").json()["run_id"] is None
    assert client.get(f"{Q}/runs").json()["items"] == []

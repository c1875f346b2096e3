"""The client's calls for the machinery and for evolution, against the real API."""

from storage import SystemStatusRepository


def test_cluster_and_history_are_typed(api_desk, desk):
    SystemStatusRepository(api_desk.database.engine).record("system_metrics", {"cpu_pct": 12.0, "disk_pct": 3.0})
    assert desk.cluster().database.tables[0].bytes > 0
    history = desk.history(fields=["cpu_pct"], points=10)
    assert history.series["cpu_pct"].highest[-1] == 12.0
    assert list(history.frame().columns) == ["cpu_pct"]


def test_configuration_has_a_history(desk):
    config = desk.config()
    desk.put_config(config)
    (change,) = desk.config_history(limit=1).items
    assert (change.version, change.changes) == (config.version + 1, ())


def test_evolution_is_told_in_tables(api_desk, desk):
    table = desk.populations(generations=5).frame()
    assert table.index.tolist() == [1, 2]
    assert table.loc[2, "best_scs"] == 37.0
    assert desk.leaders(3).items[0].oos_scs is not None
    assert desk.luck().best.n == 400
    assert desk.runs()[0].id == api_desk.run_id


def test_new_run_is_asked_for_with_its_settings(desk):
    accepted = desk.start_evolution("another seed", seed=9, population=64)
    assert desk.command(accepted.command_id).action == "start_evolution"

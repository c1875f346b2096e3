"""What became of the population of a desk that was disturbed, and what becomes of it without any fault."""

import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass

from desk_faults.watched_desk import EVOQ, WatchedDesk
from sqlalchemy import text

from cluster.run_settings import RunSettings
from evolution import Optimizer
from evolution.state_codec import decode_state
from storage import RunRepository, open_database

__all__ = ["Population", "paused", "population_of", "undisturbed"]

_PATIENCE_S = 300.0
_REST_S = 3600
_STILL_S = 2.0
_TRIALS = "SELECT count(*) FROM trials JOIN trial_series ON trial_series.id = series_id WHERE run_id = :run"


@dataclass(frozen=True)
class Population:
    """Where a run stands.

    Attributes
    ----------
    hash : str
        Of its population, as the stored state has it.
    evaluations : int
        Counted by the run.
    trials : int
        Stored one by one.
    settings : RunSettings
        What it does.
    """

    hash: str
    evaluations: int
    trials: int
    settings: RunSettings


def paused(desk: WatchedDesk) -> None:
    """Let evolution rest at the end of a generation: a long interval does, a pause would end it within one."""
    desk.evoq("config", "set", f"evolution_interval={_REST_S}")
    size = int(desk.settings["EVOQ_POPULATION"])
    deadline, seen, since = time.monotonic() + _PATIENCE_S, -1, time.monotonic()
    while time.monotonic() < deadline:
        found = desk.evaluations()
        if found is None or found != seen:
            seen, since = found or -1, time.monotonic()
        elif found % size == 0 and time.monotonic() - since > _STILL_S:
            return
        time.sleep(0.2)
    raise TimeoutError("evolution did not come to rest")


def population_of(desk: WatchedDesk) -> Population:
    """Return where the run of a desk that is down stands."""
    with open_database(desk.home, environ={}) as database:
        runs = RunRepository(database.engine)
        record = runs.latest()
        assert record is not None
        optimizer = Optimizer.from_state(decode_state(runs.state(record.id).data))
        with database.engine.connect() as connection:
            trials = int(connection.execute(text(_TRIALS), {"run": record.id}).scalar_one())
    settings = RunSettings.stored(record.settings)
    return Population(optimizer.population_hash(), record.evaluations, trials, settings)


def undisturbed(population: Population) -> str:
    """Evolve as far as a population, on the same candles and from the same seed, with `evoq evolve` and no desk.

    Parameters
    ----------
    population : Population
        Of a desk that is down; it stands at the end of a generation.

    Returns
    -------
    str
        The hash of the population without faults.
    """
    settings = population.settings
    words = ["evolve", "--json", "--population", str(settings.population), "--seed", str(settings.seed)]
    words += ["--generations", str(population.evaluations // settings.population)]
    words += [word for path in settings.candles for word in ("--candles", path)]
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(  # noqa: S603
            [EVOQ, *words], env={**os.environ, "EVOQ_HOME": home}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout.splitlines()[-1])["population_hash"])

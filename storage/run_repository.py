"""Runs of evolution: committed batch by batch, so that a kill loses at most the batch in flight."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from sqlalchemy import Connection, Engine, func, insert, select, update

from storage.advisory_lock import advisory_lock
from storage.errors import ConflictError, InvalidValueError, NotFoundError
from storage.models import Run, StrategyEvolutionHistory, StrategyOptimizationLog, table_of
from storage.run_events import append_events, newest_events
from storage.run_records import RunRecord, RunState, new_run_id
from storage.trial_repository import copy_trials
from storage.values import plain, plain_row

__all__ = ["RunRepository"]

_CREATE = ("engine_version", "seed", "settings", "settings_hash", "data_hash", "cost_hash", "origin", "host", "pid")
_CREATE_OPTIONAL = ("host", "pid")
_ENDS = ("done", "interrupted", "failed")

_runs = table_of(Run)
_history = table_of(StrategyEvolutionHistory)
_logs = table_of(StrategyOptimizationLog)


_RECORD = [_runs.c[name] for name in RunRecord.__dataclass_fields__]


class RunRepository:
    """Runs: how each stands, and how it went.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, run: Mapping[str, object]) -> str:
        """Store a new run, which is then running.

        Parameters
        ----------
        run : mapping
            `engine_version`, `seed`, `settings` (a mapping), `settings_hash`, `data_hash`, `cost_hash`,
            `origin` ("real:VENUE" or "simulated:SEED"), and optionally `host` and `pid`.

        Returns
        -------
        str
            Its id.
        """
        values = plain_row("a run", run, _CREATE, set(_CREATE) - set(_CREATE_OPTIONAL))
        run_id = new_run_id()
        with self._engine.begin() as connection:
            connection.execute(insert(_runs).values(id=run_id, **values))
        return run_id

    def get(self, run_id: str) -> RunRecord:
        """Return one run.

        Parameters
        ----------
        run_id : str
            Its id.

        Returns
        -------
        RunRecord
            As it is now.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        with self._engine.connect() as connection:
            row = connection.execute(select(*_RECORD).where(_runs.c.id == plain(str(run_id)))).one_or_none()
        if row is None:
            raise NotFoundError(_no_such_run(run_id))
        return RunRecord(**row._mapping)

    def latest(self, *, unfinished: bool = False) -> RunRecord | None:
        """Return the run that was worked on last.

        Parameters
        ----------
        unfinished : bool
            Whether only runs count that may be resumed: all that are not done.

        Returns
        -------
        RunRecord or None
            None if there is none.
        """
        query = select(*_RECORD).order_by(_runs.c.updated_at.desc(), _runs.c.id.desc()).limit(1)
        if unfinished:
            query = query.where(_runs.c.status != "done")
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else RunRecord(**row._mapping)

    def list(self, *, limit: int = 50) -> Sequence[RunRecord]:
        """Return runs, the newest first.

        Parameters
        ----------
        limit : int
            How many at most.

        Returns
        -------
        sequence of RunRecord
            As they are now.
        """
        query = select(*_RECORD).order_by(_runs.c.created_at.desc(), _runs.c.id.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [RunRecord(**row._mapping) for row in connection.execute(query)]

    def state(self, run_id: str) -> RunState:
        """Return where a run stands.

        Parameters
        ----------
        run_id : str
            Its id.

        Returns
        -------
        RunState
            The last committed batch and the state after it.

        Raises
        ------
        NotFoundError
            If there is no such run.
        """
        query = select(_runs.c.batch, _runs.c.state).where(_runs.c.id == plain(str(run_id)))
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFoundError(_no_such_run(run_id))
        return RunState(row.batch, bytes(row.state or b""))

    def resume(
        self,
        run_id: str,
        *,
        settings: Mapping[str, object] | None = None,
        done_too: bool = False,
        host: str | None = None,
        pid: int | None = None,
    ) -> RunState:
        """Let a run go on that was killed, interrupted or failed.

        Parameters
        ----------
        run_id : str
            Its id.
        settings : mapping, optional
            What the run is asked to do from now on; by default what it was asked before.
        done_too : bool
            Whether a run that is done may go on as well, because more is asked of it.
        host, pid : str and int, optional
            Who works on it now, for people to read.

        Returns
        -------
        RunState
            Where it stands.

        Raises
        ------
        ConflictError
            If it is done.
        """
        changed = update(_runs).where(_runs.c.id == plain(str(run_id)))
        if not done_too:
            changed = changed.where(_runs.c.status != "done")
        if settings is not None:
            changed = changed.values(settings=plain(settings))
        changed = changed.values(status="running", host=plain(host), pid=plain(pid), updated_at=func.now())
        with self._engine.begin() as connection:
            row = connection.execute(changed.returning(_runs.c.batch, _runs.c.state)).one_or_none()
        if row is None:
            self.get(run_id)
            raise ConflictError(f"run {run_id} is done: ask for more generations, or start a new one")
        return RunState(row.batch, bytes(row.state or b""))

    @contextmanager
    def claim(self, run_id: str) -> Iterator[None]:
        """Work on a run alone: nobody else can claim it until this ends, or this process does.

        Parameters
        ----------
        run_id : str
            Its id.

        Yields
        ------
        None
            While it is claimed.

        Raises
        ------
        ConflictError
            If another process works on it.
        """
        with advisory_lock(self._engine, f"evoq run {run_id}") as claimed:
            if not claimed:
                record = self.get(run_id)
                raise ConflictError(
                    f"process {record.pid} on {record.host} works on run {run_id}: let it go on, or stop it first"
                )
            yield

    def log(self, run_id: str, logs: Sequence[Mapping[str, object]]) -> None:
        """Append rows to strategy_optimization_logs.

        Parameters
        ----------
        run_id : str
            The run.
        logs : sequence of mappings
            `ts`, `event`, and optionally the others.
        """
        with self._engine.begin() as connection:
            append_events(connection, _logs, run_id, ("event",), logs)

    def commit(
        self,
        run_id: str,
        *,
        batch: int,
        state: bytes,
        trials: Sequence[Mapping[str, object]],
        evaluations: int,
        generation: int,
        round: int,  # noqa: A002 - the design's word
        history: Sequence[Mapping[str, object]] = (),
        logs: Sequence[Mapping[str, object]] = (),
        expected_batch: int | None = None,
    ) -> None:
        """Store a batch's results and the state after it, both or neither.

        Parameters
        ----------
        run_id : str
            The run; it must be running.
        batch : int
            Number of the batch, greater than the last one committed: of two drivers at once the slower one
            is refused and must stop.
        state : bytes
            The state after this batch.
        trials : sequence of mappings
            `batch` (its own: several may be committed together), `species`, `child`, `genome` (finite floats),
            `data_hash`, `operator`, and optionally `fitness`, `parents` (children of the same species),
            `metrics` (a mapping).
        evaluations, generation, round : int
            The counters after this batch.
        history : sequence of mappings
            Rows of strategy_evolution_history: `ts`, `generation`, `round`, and optionally the others.
        logs : sequence of mappings
            Rows of strategy_optimization_logs: `ts`, `event`, and optionally the others.
        expected_batch : int, optional
            The last batch this driver knows of; when another one is stored, the commit is refused.
        """
        values = {
            "batch": int(batch),
            "state": bytes(state),
            "evaluations": int(evaluations),
            "generation": int(generation),
            "round": int(round),
        }
        with self._engine.begin() as connection:
            # First of all: the row lock lets one driver through, the other one waits here and is refused.
            changed = update(_runs).where(_runs.c.id == run_id, _runs.c.status == "running", _runs.c.batch < batch)
            if expected_batch is not None:
                changed = changed.where(_runs.c.batch == expected_batch)
            if connection.execute(changed.values(**values, updated_at=func.now())).rowcount != 1:
                _refuse(connection, run_id, batch)
            copy_trials(connection, run_id, trials)
            append_events(connection, _history, run_id, ("generation", "round"), history)
            append_events(connection, _logs, run_id, ("event",), logs)

    def finish(
        self,
        run_id: str,
        status: str,
        population_hash: str | None = None,
        seconds: float | None = None,
        evidence: Mapping[str, object] | None = None,
    ) -> None:
        """Store how a run ended.

        Parameters
        ----------
        run_id : str
            The run.
        status : str
            "done", "interrupted" or "failed".
        population_hash : str, optional
            Of the last population.
        seconds : float, optional
            How long it took.
        evidence : mapping, optional
            What speaks for its last population; like `population_hash`, what an earlier end left is not kept.

        Raises
        ------
        InvalidValueError
            If `status` is none of these.
        NotFoundError
            If there is no such run.
        """
        if status not in _ENDS:
            raise InvalidValueError(f"a run ends as {', '.join(_ENDS)}, was {status!r}")
        changed = (
            update(_runs)
            .where(_runs.c.id == plain(str(run_id)))
            .values(
                status=status,
                population_hash=plain(population_hash),
                seconds=plain(seconds),
                evidence=plain(evidence),
                updated_at=func.now(),
            )
        )
        with self._engine.begin() as connection:
            if connection.execute(changed).rowcount != 1:
                raise NotFoundError(_no_such_run(run_id))

    def history(
        self, run_id: str | None = None, *, species: str | None = None, limit: int = 50
    ) -> Sequence[Mapping[str, Any]]:
        """Return rows of the evolution history, the newest first.

        Parameters
        ----------
        run_id, species : str, optional
            Only rows of these.
        limit : int
            How many at most.

        Returns
        -------
        sequence of mappings
            All columns of the table `strategy_evolution_history`.
        """
        return newest_events(self._engine, _history, limit, run_id=run_id, species=species)

    def logs(self, run_id: str, event: str | None = None, *, limit: int = 50) -> Sequence[Mapping[str, Any]]:
        """Return what the optimiser of a run did, the newest first.

        Parameters
        ----------
        run_id : str
            The run.
        event : str, optional
            Only rows of this event.
        limit : int
            How many at most.

        Returns
        -------
        sequence of mappings
            All columns of the table `strategy_optimization_logs`.
        """
        return newest_events(self._engine, _logs, limit, run_id=str(run_id), event=event)


def _refuse(connection: Connection, run_id: str, batch: int) -> NoReturn:
    """Say why a commit is refused."""
    row = connection.execute(select(_runs.c.batch, _runs.c.status).where(_runs.c.id == run_id)).one_or_none()
    if row is None:
        raise NotFoundError(_no_such_run(run_id))
    if row.status != "running":
        raise ConflictError(f"run {run_id} is {row.status}, not running: resume it before anything is committed")
    raise ConflictError(
        f"batch {batch} of run {run_id} cannot follow batch {row.batch}: another process works on the same run;"
        " let only one of them go on (`evoq evolve --resume`)"
    )


def _no_such_run(run_id: str) -> str:
    """Return what is said about an unknown run."""
    return f"there is no run {run_id!r}: leave the id out for the latest one"

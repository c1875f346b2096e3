"""Generations of a run: how its species stood after each, and what its operators did, put together by the database."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, text

from storage.values import plain

__all__ = ["GenerationRepository"]

_ROUNDS = text("""
    WITH last AS (
        SELECT DISTINCT ON (generation, species)
            generation, species, ts, evaluations, best_scs, q25, median_scs, q75, diversity, coverage
        FROM strategy_evolution_history
        WHERE run_id = :run_id AND generation > :after AND species IS NOT NULL AND evaluations IS NOT NULL
            AND (CAST(:species AS text) IS NULL OR species = :species)
        ORDER BY generation, species, round DESC, ts DESC
    )
    SELECT generation, max(ts) AS ts, max(evaluations) AS evaluations, max(best_scs) AS best_scs, avg(q25) AS q25,
        avg(median_scs) AS median_scs, avg(q75) AS q75, avg(diversity) AS diversity, avg(coverage) AS coverage
    FROM last GROUP BY generation ORDER BY generation DESC LIMIT :most
""")
_DETAILS = text("""
    SELECT DISTINCT ON (generation) generation, members, operators
    FROM (
        SELECT CAST(details ->> 'generation' AS bigint) AS generation, details -> 'members' AS members,
            details -> 'operators' AS operators, ts
        FROM strategy_optimization_logs
        WHERE run_id = :run_id AND event = 'generation' AND ts >= :since
    ) told
    WHERE generation IS NOT NULL ORDER BY generation, ts DESC
""")


class GenerationRepository:
    """Generations of runs.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_run(self, run_id: str, newest: int, most: int, species: str | None = None) -> Sequence[Mapping[str, Any]]:
        """Return the latest generations of a run, the oldest of them first.

        Parameters
        ----------
        run_id : str
            The run.
        newest : int
            The generation that it is in.
        most : int
            How many at most.
        species : str, optional
            Only what concerns this one.

        Returns
        -------
        sequence of mappings
            `generation`, `ts`, `evaluations`; `best_scs`, and `q25`, `median_scs`, `q75`, `diversity` and `coverage` as
            means over the species; `members` (by species) and `operators` (tried and accepted, by name), None where
            that was not written down.
        """
        asked = {"run_id": plain(run_id), "after": newest - most - 1, "most": most, "species": plain(species)}
        with self._engine.connect() as connection:
            rounds = [dict(row._mapping) for row in connection.execute(_ROUNDS, asked)][::-1]
            if not rounds:
                return []
            since = {"run_id": asked["run_id"], "since": rounds[0]["ts"]}
            told = {row.generation: row for row in connection.execute(_DETAILS, since)}
        for row in rounds:
            details = told.get(row["generation"])
            row["members"] = None if details is None else details.members
            row["operators"] = None if details is None else details.operators
        return rounds

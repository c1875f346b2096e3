"""Sparks: the curve of a strategy in a few points, for lists of many."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine, text

from storage.errors import InvalidValueError
from storage.values import plain

__all__ = ["SparkRepository"]

_MOST_STRATEGIES = 500
_MOST_POINTS = 100

# The best known source of each; of its points as many as are asked for, evenly spread, the first and the last included.
_QUERY = text("""
    SELECT DISTINCT ON (curve.strategy_id)
        curve.strategy_id,
        ARRAY(
            SELECT curve.index[1 + round((cardinality(curve.index) - 1) * step::float8 / (most - 1))::int]
            FROM (SELECT LEAST(CAST(:points AS int), cardinality(curve.index)) AS most) AS bound,
                 generate_series(0, most - 1) AS step
            ORDER BY step
        ) AS spark
    FROM strategy_curves AS curve
    WHERE curve.strategy_id = ANY(:strategies) AND cardinality(curve.index) > 1
    ORDER BY curve.strategy_id, array_position(ARRAY['live', 'paper', 'oos', 'backtest'], curve.source)
""")


class SparkRepository:
    """Curves in a few points.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def sparks(self, strategies: Sequence[str], points: int = 24) -> Mapping[str, list[float]]:
        """Return the curves of strategies.

        Parameters
        ----------
        strategies : sequence of str
            At most 500 ids.
        points : int
            How many points at most, 2..100.

        Returns
        -------
        mapping of str to list of float
            For each strategy with a stored curve its index: live, on paper, out of sample or of the backtest, the
            first of these that is there.

        Raises
        ------
        InvalidValueError
            If a number is out of bounds.
        """
        if len(strategies) > _MOST_STRATEGIES or not 2 <= points <= _MOST_POINTS:
            raise InvalidValueError(
                f"sparks are of at most {_MOST_STRATEGIES} strategies and 2 to {_MOST_POINTS} points, were"
                f" {len(strategies)} and {points}"
            )
        if not strategies:
            return {}
        asked = {"strategies": [plain(str(strategy)) for strategy in strategies], "points": int(points)}
        with self._engine.connect() as connection:
            return {row.strategy_id: list(row.spark) for row in connection.execute(_QUERY, asked)}

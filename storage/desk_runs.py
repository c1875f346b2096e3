"""The desk's own runs: those for ever on the copy of its feed's candles, wherever EVOQ_HOME was when they began."""

from collections.abc import Sequence

from sqlalchemy import Engine, text

from storage.run_records import RunRecord

__all__ = ["DeskRunRepository"]

_FOREVER = """settings @> '{"forever": true}'"""
_CANDLES = "jsonb_array_elements_text(settings -> 'candles') AS path"

_NEWEST = text(f"""
    SELECT {", ".join(RunRecord.__dataclass_fields__)} FROM runs
    WHERE {_FOREVER}
        AND ARRAY(SELECT substring(path FROM '[^/]+/[^/]+$') COLLATE "C" FROM {_CANDLES} ORDER BY 1)
            = CAST(:files AS text[])
    ORDER BY created_at DESC, id DESC LIMIT 1
""")  # noqa: S608 - names of our own

_LEFT_BEHIND = text(f"""
    SELECT id FROM runs
    WHERE id <> :run_id AND {_FOREVER}
        AND NOT EXISTS (SELECT FROM {_CANDLES} WHERE substring(path FROM '([^/]+)/[^/]+$') IS DISTINCT FROM :folder)
        AND EXISTS (SELECT FROM strategies WHERE strategies.run_id = runs.id AND strategies.state = 'candidate')
    ORDER BY created_at
""")  # noqa: S608 - names of our own


class DeskRunRepository:
    """Runs of the desk, known by the last folder and the name of each of their candle files.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def newest(self, files: Sequence[str]) -> RunRecord | None:
        """Return the newest run for ever on candle files.

        Parameters
        ----------
        files : sequence of str
            Folder and name of each, such as "first_seen/binance__BTC-USDT__1h.parquet"; in any order.

        Returns
        -------
        RunRecord or None
            None if there is none.
        """
        with self._engine.connect() as connection:
            row = connection.execute(_NEWEST, {"files": sorted(files)}).one_or_none()
        return None if row is None else RunRecord(**row._mapping)

    def left_behind(self, run_id: str, folder: str) -> Sequence[str]:
        """Return the other runs for ever that still have candidates.

        Parameters
        ----------
        run_id : str
            The present run.
        folder : str
            Name of the folder that all their candle files lie in.

        Returns
        -------
        sequence of str
            Their ids, the oldest first.
        """
        with self._engine.connect() as connection:
            return connection.execute(_LEFT_BEHIND, {"run_id": run_id, "folder": folder}).scalars().all()

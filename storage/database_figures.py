"""How large the database is, and how busy."""

from typing import Any

from sqlalchemy import Engine, text

__all__ = ["database_figures"]

_MOST_TABLES = 12
_WHOLE = text("""
    SELECT pg_database_size(current_database()) AS size_bytes,
        current_setting('server_version') AS version,
        CAST(current_setting('max_connections') AS bigint) AS most_connections,
        (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS connections,
        (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active') AS active
""")
_TABLES = text("""
    SELECT COALESCE(parent.relname, own.relname) AS name, CAST(sum(pg_total_relation_size(own.oid)) AS bigint) AS bytes,
        CASE WHEN min(own.reltuples) >= 0 THEN CAST(sum(own.reltuples) AS bigint) END AS rows, count(*) AS parts
    FROM pg_class own
    JOIN pg_namespace place ON place.oid = own.relnamespace AND place.nspname = 'public'
    LEFT JOIN pg_inherits link ON link.inhrelid = own.oid
    LEFT JOIN pg_class parent ON parent.oid = link.inhparent
    WHERE own.relkind = 'r'
    GROUP BY 1 ORDER BY bytes DESC, name LIMIT :most
""")


def database_figures(engine: Engine) -> dict[str, Any]:
    """Return how large the database is, and how busy.

    Parameters
    ----------
    engine : Engine
        Of an open `Database`.

    Returns
    -------
    dict
        `size_bytes`, `version`, `connections`, `active` and `most_connections`, and the largest `tables` with `name`,
        `bytes` (indexes included), `rows` as the planner estimates them (None where a part was never analysed), and
        `parts`: partitions count as their table.
    """
    with engine.connect() as connection:
        whole = dict(connection.execute(_WHOLE).one()._mapping)
        tables = [dict(row._mapping) for row in connection.execute(_TABLES, {"most": _MOST_TABLES})]
    return {**whole, "tables": tables}

"""The history of the schema, for Alembic; `storage.schema` runs it."""

"""The OpenAPI document: examples get back the nulls that FastAPI leaves out of it, so that they fit their schemas."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

__all__ = ["DocumentedApi"]


class DocumentedApi(FastAPI):
    """An application whose document has whole examples."""

    def openapi(self) -> dict[str, Any]:
        """Return the document.

        Returns
        -------
        dict
            OpenAPI; made once.
        """
        if self.openapi_schema is None:
            document = super().openapi()
            schemas = document["components"]["schemas"]
            for schema in schemas.values():
                for example in schema.get("examples", ()):
                    _complete(example, schema, schemas)
        return super().openapi()


def _complete(value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> None:
    """Put null where an example lacks something that is required and may be null, at any depth."""
    schema = _resolved(schema, schemas)
    if isinstance(value, list):
        for each in value:
            _complete(each, schema.get("items", {}), schemas)
    elif isinstance(value, dict):
        for name, property_ in schema.get("properties", {}).items():
            if name in value:
                _complete(value[name], property_, schemas)
            elif name in schema.get("required", ()) and {"type": "null"} in property_.get("anyOf", ()):
                value[name] = None


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a reference, or what may also be null, leads to."""
    for choice in schema.get("anyOf", ()):
        if choice != {"type": "null"}:
            return _resolved(choice, schemas)
    if "$ref" in schema:
        return _resolved(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    return schema

"""Answers made up from the API's OpenAPI document: whatever route there is, it can be answered.

An answer is full (every list has rows, nothing is absent) or empty (no rows, absent wherever that is allowed). Columns
of one answer are equally long.
"""

import re
from collections.abc import Mapping
from typing import Any

ROWS = 4
SOME = 7
NOW_MS = 1_795_000_000_000
HOUR_MS = 3_600_000

_TIMES = re.compile(r"(^|_)(ts|time|at|since|until|start|stop|of|from|to)$")
_WORDS = {
    "status": "ok",
    "money": "paper",
    "grade": "C",
    "grade_reason": "C: out-of-sample SCS, needs 65",
    "type": "momentum",
    "symbol": "BTC/USDT:USDT",
    "timeframe": "1h",
    "venue": "binance",
    "origin": "simulated:7",
    "severity": "warning",
    "role": "operate",
    "source": "backtest",
    "result": "done",
}


class MadeUp:
    """Answers of every route.

    Parameters
    ----------
    document : mapping
        OpenAPI.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._schemas = document["components"]["schemas"]
        self._routes = [
            (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), method.upper(), operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ]
        self._routes.sort(key=lambda route: route[0].pattern.count("[^/]+"))  # /strategies/map before /strategies/{id}

    def answer(self, method: str, path: str, *, full: bool) -> tuple[int, Any] | None:
        """Return status and body; None where there is no such route."""
        for pattern, verb, operation in self._routes:
            if verb == method and pattern.fullmatch(path):
                status, response = next(
                    (int(code), each) for code, each in operation["responses"].items() if code < "4"
                )
                schema = response.get("content", {}).get("application/json", {}).get("schema")
                return status, None if schema is None else self._value(schema, "", 0, full)
        return None

    def _value(self, schema: Mapping[str, Any], name: str, row: int, full: bool, example: Any = None) -> Any:
        schema, absent = self._resolved(schema)
        if absent and not full:
            return None
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0] if example not in schema["enum"] else example
        kind = schema.get("type")
        if kind == "array":
            return self._rows(schema, name, full)
        if kind == "object" or "properties" in schema:
            return self._object(schema, row, full, example)
        if kind == "boolean":
            return example if isinstance(example, bool) else True
        if kind in {"integer", "number"}:
            return _number(schema, kind, name, row, full, example)
        return _word(schema, name, row, example)

    def _resolved(self, schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
        """Follow references and choices; tell whether the value may be absent."""
        absent = False
        while True:
            if "$ref" in schema:
                schema = self._schemas[schema["$ref"].rpartition("/")[2]]
            elif "anyOf" in schema:
                absent = absent or any(each.get("type") == "null" for each in schema["anyOf"])
                chosen = next(each for each in schema["anyOf"] if each.get("type") != "null")
                schema = {**{key: value for key, value in schema.items() if key != "anyOf"}, **chosen}
            elif len(schema.get("allOf", ())) == 1:
                schema = {**schema, **schema["allOf"][0]}
                schema.pop("allOf", None)
            else:
                return schema, absent

    def _rows(self, schema: Mapping[str, Any], name: str, full: bool) -> list[Any]:
        if "prefixItems" in schema:
            return [self._value(each, name, row, full) for row, each in enumerate(schema["prefixItems"])]
        count = min(max(ROWS if full else 0, schema.get("minItems", 0)), schema.get("maxItems", ROWS))
        return [self._value(schema.get("items", {}), name, row, full) for row in range(count)]

    def _object(self, schema: Mapping[str, Any], row: int, full: bool, example: Any) -> dict[str, Any]:
        known = (schema.get("examples") or [example or {}])[0]
        properties = schema.get("properties", {})
        if not properties:
            return dict(known) if full and isinstance(known, dict) else {}
        return {
            name: None
            if name == "next_cursor"
            else self._value(each, name, row, full, known.get(name) if isinstance(known, dict) else None)
            for name, each in properties.items()
        }


def _number(schema: Mapping[str, Any], kind: str, name: str, row: int, full: bool, example: Any) -> float:
    if _TIMES.search(name) and kind == "integer":
        return NOW_MS + row * HOUR_MS
    if not full:  # never 0: a 0 on a page was then made up by the page
        return min(max(SOME, int(schema.get("minimum", SOME))), int(schema.get("maximum", SOME)))
    example = (schema.get("examples") or [example])[0]
    number = example if isinstance(example, int | float) and not isinstance(example, bool) else 2
    if kind == "integer":
        return int(number) + row
    return float(number) * (1.0 + row / 100.0)


def _word(schema: Mapping[str, Any], name: str, row: int, example: Any) -> str:
    found = (schema.get("examples") or [None])[0] or example or _WORDS.get(name)
    if isinstance(found, str):
        return f"{found[:-1]}{row}" if name == "id" and row else found
    if "pattern" in schema:  # money
        return "1234.50"
    return f"{name or 'word'}-{row}" if name in {"id", "name"} else name or "word"

"""JSON for people and programs: NaN and infinities become null, times integer milliseconds UTC."""

import json
import math
from datetime import datetime
from typing import Any

__all__ = ["dumps"]


def dumps(value: Any) -> str:
    """Return `value` as one line of JSON.

    Parameters
    ----------
    value : Any
        Mappings, sequences, strings, numbers and aware datetimes; NumPy scalars are converted.

    Returns
    -------
    str
        JSON in which every number is finite (NaN, inf and -inf are null) and times are ms UTC.
    """
    return json.dumps(_plain(value), allow_nan=False, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

"""The two forms of a recorded state: plain JSON values, and bytes for one database column."""

import base64
import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from evolution.errors import StateError

__all__ = ["binary", "data_of", "decode_state", "encode_state"]

_MAGIC = b"EVS1"
_HEADER = struct.Struct("<4sII")
"""Magic; bytes of the compressed JSON; CRC-32 of everything after the header."""

_BINARY = "base64"


def binary(data: bytes) -> dict[str, str]:
    """Return binary data as a JSON value.

    Parameters
    ----------
    data : bytes
        Any bytes.

    Returns
    -------
    dict
        One item: "base64" and the text.
    """
    return {_BINARY: base64.b64encode(data).decode()}


def data_of(value: Mapping[str, str]) -> bytes:
    """Return the binary data in a JSON value.

    Parameters
    ----------
    value : mapping
        What `binary` returned.

    Returns
    -------
    bytes
        The data.
    """
    return base64.b64decode(value[_BINARY], validate=True)


def encode_state(state: Mapping[str, Any]) -> bytes:
    """Return a state as bytes.

    Binary data are stored raw behind the compressed rest: they are mostly noise to a compressor, and the state is
    encoded after each group of batches.

    Parameters
    ----------
    state : mapping
        What `Optimizer.state` returned.

    Returns
    -------
    bytes
        About 100 KB for 1,034 members of four parameters, and 16 bytes for each evaluated genome.
    """
    blobs: list[bytes] = []
    text = json.dumps(_without_blobs(state, blobs), separators=(",", ":"))
    packed = zlib.compress(text.encode(), level=1)
    body = packed + b"".join(blobs)
    return _HEADER.pack(_MAGIC, len(packed), zlib.crc32(body)) + body


def decode_state(data: bytes) -> dict[str, Any]:
    """Return the state that `encode_state` wrote.

    Parameters
    ----------
    data : bytes
        The compact form.

    Returns
    -------
    dict
        What `Optimizer.from_state` reads.

    Raises
    ------
    StateError
        If the bytes are no state, or damaged.
    """
    if len(data) < _HEADER.size or not data.startswith(_MAGIC):
        raise StateError(f"a state must start with {_MAGIC!r}, started with {bytes(data[:4])!r}")
    _, size, checksum = _HEADER.unpack_from(data)
    body = memoryview(data)[_HEADER.size :]
    if zlib.crc32(body) != checksum:
        raise StateError("the state is damaged: its checksum differs; restore an older one or start a new run")
    state: dict[str, Any] = json.loads(zlib.decompress(body[:size]))
    _with_blobs(state, body[size:])
    return state


def _without_blobs(value: Mapping[str, Any], blobs: list[bytes]) -> dict[str, Any]:
    """Replace each binary item by its length, and append its data to `blobs`."""
    plain: dict[str, Any] = {}
    for name, item in value.items():
        if name == _BINARY:
            blobs.append(base64.b64decode(item))
            plain[name] = len(blobs[-1])
        else:
            plain[name] = _without_blobs(item, blobs) if isinstance(item, Mapping) else item
    return plain


def _with_blobs(value: dict[str, Any], data: memoryview) -> memoryview:
    """Put the data back in the order in which they were taken; return what is left."""
    for name, item in value.items():
        if name == _BINARY:
            value[name] = base64.b64encode(data[:item]).decode()
            data = data[item:]
        elif isinstance(item, dict):
            data = _with_blobs(item, data)
    return data

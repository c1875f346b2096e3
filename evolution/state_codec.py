"""The compact form of a state: bytes for one database column."""

import base64
import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from evolution.errors import StateError

__all__ = ["decode_state", "encode_state"]

_MAGIC = b"EVS1"
_HEADER = struct.Struct("<4sIII")
"""Magic; bytes of the compressed JSON; bytes of the memory's keys; CRC-32 of everything after the header."""


def encode_state(state: Mapping[str, Any]) -> bytes:
    """Return a state as bytes.

    The memory of evaluated genomes is stored raw behind the compressed rest: it is noise to a compressor, and the
    state is encoded after each group of batches.

    Parameters
    ----------
    state : mapping
        What `Optimizer.state` returned.

    Returns
    -------
    bytes
        About 100 KB for 1,034 members, and 16 bytes for each evaluated genome.
    """
    rest = {name: value for name, value in state.items() if name != "memory"}
    text = zlib.compress(json.dumps(rest, separators=(",", ":")).encode(), level=1)
    keys = base64.b64decode(state["memory"]["keys"])
    body = text + keys + base64.b64decode(state["memory"]["scores"])
    return _HEADER.pack(_MAGIC, len(text), len(keys), zlib.crc32(body)) + body


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
    _, text_size, keys_size, checksum = _HEADER.unpack_from(data)
    body = memoryview(data)[_HEADER.size :]
    if zlib.crc32(body) != checksum:
        raise StateError("the state is damaged: its checksum differs; restore an older one or start a new run")
    state: dict[str, Any] = json.loads(zlib.decompress(body[:text_size]))
    memory_keys = body[text_size : text_size + keys_size]
    state["memory"] = {
        "keys": base64.b64encode(memory_keys).decode(),
        "scores": base64.b64encode(body[text_size + keys_size :]).decode(),
    }
    return state

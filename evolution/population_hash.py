"""The population hash: one number that two equal populations share."""

import hashlib
import struct
from collections.abc import Iterable

from evolution.candidate import Member

__all__ = ["population_hash"]


def population_hash(members: Iterable[Member]) -> str:
    """Return the SHA-256 of a population: what it is, not when or where it was made.

    For each member, sorted by (species, child): type, symbol and timeframe, each as its length in bytes (uint32) and
    UTF-8; the number of parameters (uint32) and their values (float64) in declared order; the fitness (float64). All
    numbers are little-endian; nothing separates the members.

    Parameters
    ----------
    members : iterable of Member
        The population, in any order.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for member in sorted(members, key=lambda item: (item.species, item.candidate.child)):
        species = member.species
        for text in (species.type, species.symbol, species.timeframe):
            data = text.encode()
            digest.update(struct.pack("<I", len(data)) + data)
        values = member.candidate.parameters
        digest.update(struct.pack(f"<I{len(values)}d", len(values), *values))
        digest.update(struct.pack("<d", member.score))
    return digest.hexdigest()

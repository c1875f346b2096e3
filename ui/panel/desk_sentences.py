"""Sentences that the desk stores in English, such as a reason or an event, in the reader's language."""

import re

from ui.panel.view import View

__all__ = ["sentence_words", "species_words"]

_SENTENCES = {
    "enabled": re.compile(r"out-of-sample score of at least (?P<score>\S+) in (?P<trades>\S+) trades"),
    "retired": re.compile(r"enabled for (?P<days>\S+) days without promotion"),
    "generation": re.compile(
        r"generation (?P<n>\d+): the archive covers (?P<coverage>\S+), diversity (?P<diversity>\S+)"
    ),
    "rolled": re.compile(r"window (?P<window>\S+) begins with batch (?P<batch>\d+): elites are scored again"),
}


def sentence_words(view: View, said: str | None) -> str | None:
    """Return a sentence of the desk as the reader would say it.

    Parameters
    ----------
    view : View
        For whom.
    said : str or None
        As the desk has stored it.

    Returns
    -------
    str or None
        What is not known, such as the words of a person, is left as it is.
    """
    for name, pattern in _SENTENCES.items():
        found = pattern.fullmatch(said or "")
        if found is not None:
            return view.word("sentence", name).format_map(found.groupdict())
    return said


def species_words(view: View, species: str | None) -> str | None:
    """Return a species with its type in words: "Momentum BTC/USDT 1h" for "momentum BTC/USDT 1h"."""
    kind, space, market = (species or "").partition(" ")
    return f"{view.word('type', kind)} {market}" if space else species

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
    "service_failed": re.compile(
        r"(?P<service>.+) died too often; it is tried again in (?P<minutes>\d+) min, or with `start`: (?P<trouble>.+)"
    ),
    "service_failed_again": re.compile(r"(?P<service>(?!.* died, ).+?) died: (?P<trouble>.+)"),
    "service_died": re.compile(r"(?P<service>.+?) died, again in (?P<pause>\S+) s: (?P<trouble>.+)"),
    "database_away": re.compile(r"the database did not answer for (?P<away>\S+) s"),
    "maintenance_failed": re.compile(r"the upkeep of the database failed: (?P<trouble>.+)"),
    "disk_full": re.compile(r"the disk of EVOQ_HOME is (?P<share>\S+) % full: free some"),
    "memory_full": re.compile(r"(?P<share>\S+) % of this machine's memory is in use"),
    "disk_filling": re.compile(
        r"trials fill the disk of EVOQ_HOME in (?P<days>\S+) days at the rate of the last day: lengthen"
        r" auto_trading\.evolution_interval, free some space, or move EVOQ_HOME to a larger disk"
    ),
    "run_left": re.compile(
        r"run (?P<run>\S+) cannot go on, it began with other candles than (?P<folder>.+) holds: a new run begins;"
        r" after a restore copy that folder of the old EVOQ_HOME before `evoq up`"
    ),
    "candles_made_anew": re.compile(
        r"(?P<files>.+) was missing and is made anew from the feed's candles: where a venue has corrected some of"
        r" them, run (?P<run>\S+) goes on with other ones than it knew"
    ),
    "candles_changed": re.compile(
        r"past candles of (?P<market>.+) have changed \((?P<difference>.+)\); evolution goes on with them as it first"
        r" saw them"
    ),
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
            values = found.groupdict()
            if "service" in values:
                values["service"] = view.word("about", values["service"])
            return view.word("sentence", name).format_map(values)
    return said


def species_words(view: View, species: str | None) -> str | None:
    """Return a species with its type in words: "Momentum BTC/USDT 1h" for "momentum BTC/USDT 1h"."""
    kind, space, market = (species or "").partition(" ")
    return f"{view.word('type', kind)} {market}" if space else species

"""Entire runs on made markets, as jobs: edge-less ones for false alarms, planted ones for power."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaigns.edgeless import edgeless_candles
from campaigns.entire_run import entire_run
from campaigns.planted import planted_candles
from campaigns.sources import Source, read_source

from market import Candles

__all__ = ["EdgelessRun", "PlantedRun", "edgeless_runs", "planted_runs"]


@dataclass(frozen=True)
class EdgelessRun:
    """An entire run where nothing can be earned.

    Attributes
    ----------
    file, data : str
        Whose bars are reflected, and their hash; empty for a synthetic market.
    seed : int
        Of the market and of the evolution.
    bars, population, generations : int
        How long, how many, how often.
    folder : Path
        Of candle files.
    """

    file: str
    data: str
    seed: int
    bars: int
    population: int
    generations: int
    folder: Path

    def run(self) -> dict[str, Any]:
        """Return what the run found."""
        candles = edgeless_candles(_source(self.folder, self.file), self.seed, self.bars)
        return entire_run(candles, self.population, self.generations, self.seed)


@dataclass(frozen=True)
class PlantedRun:
    """An entire run where an edge of known strength is hidden.

    Attributes
    ----------
    kind : {"trend", "reversion"}
        What is planted.
    sharpe, years : float
        How strong, and on how long a market.
    file, data : str
        Whose bars the edge is added to, and their hash; empty for a synthetic market.
    seed : int
        Of the market and of the evolution.
    population, generations : int
        How many, how often.
    folder : Path
        Of candle files.
    """

    kind: str
    sharpe: float
    years: float
    file: str
    data: str
    seed: int
    population: int
    generations: int
    folder: Path

    def run(self) -> dict[str, Any]:
        """Return what the run found."""
        source = _source(self.folder, self.file)
        candles = planted_candles(self.kind, self.sharpe, self.years, seed=self.seed, source=source)
        return entire_run(candles, self.population, self.generations, self.seed)


def edgeless_runs(
    sources: Sequence[Source], seeds: range, bars: int, population: int, generations: int, folder: Path
) -> list[EdgelessRun]:
    """Return one run a seed, with the sources in turn.

    Parameters
    ----------
    sources : sequence of Source
        Where the bars are from.
    seeds : range
        Of the runs.
    bars, population, generations : int
        How long, how many, how often.
    folder : Path
        Of candle files.

    Returns
    -------
    list of EdgelessRun
        In the order of the seeds.
    """
    return [EdgelessRun(*sources[seed % len(sources)], seed, bars, population, generations, folder) for seed in seeds]


def planted_runs(
    sources: Sequence[Source], seeds: range, edge: tuple[str, float, float], population: int, generations: int,
    folder: Path,
) -> list[PlantedRun]:  # fmt: skip
    """Return one run a seed, with the sources in turn.

    Parameters
    ----------
    sources : sequence of Source
        Where the bars are from.
    seeds : range
        Of the runs.
    edge : tuple of (str, float, float)
        Kind, Sharpe ratio, and years.
    population, generations : int
        How many, how often.
    folder : Path
        Of candle files.

    Returns
    -------
    list of PlantedRun
        In the order of the seeds.
    """
    return [PlantedRun(*edge, *sources[seed % len(sources)], seed, population, generations, folder) for seed in seeds]


def _source(folder: Path, file: str) -> Candles | None:
    return read_source(folder, file) if file else None

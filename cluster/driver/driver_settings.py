"""What the driver evolves, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from cluster.errors import UserError

__all__ = ["DriverSettings"]


@dataclass(frozen=True, slots=True)
class DriverSettings:
    """Settings of a run for ever.

    Attributes
    ----------
    population : int
        EVOQ_POPULATION: strategies over all types and markets.
    seed : int
        EVOQ_SEED: of the random numbers.
    generations_per_window : int
        EVOQ_GENERATIONS_PER_WINDOW: until a new candle closes, at most.
    fee_bps, slippage_bps : float
        EVOQ_FEE_BPS and EVOQ_SLIPPAGE_BPS: costs of a fill.
    workers : int or None
        EVOQ_WORKERS: processes that evaluate; None for all processors of the cluster.
    """

    population: int = 1034
    seed: int = 7
    generations_per_window: int = 50
    fee_bps: float = 10.0
    slippage_bps: float = 5.0
    workers: int | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "DriverSettings":
        """Return the settings that an environment names.

        Parameters
        ----------
        environ : mapping
            Of the process; what it does not name has its default.

        Returns
        -------
        DriverSettings
            Checked.
        """
        default = cls()
        return cls(
            population=_whole(environ, "EVOQ_POPULATION", default.population, 1, 1_000_000),
            seed=_whole(environ, "EVOQ_SEED", default.seed, 0, 2**63 - 1),
            generations_per_window=_whole(
                environ, "EVOQ_GENERATIONS_PER_WINDOW", default.generations_per_window, 1, 1_000_000
            ),
            fee_bps=_number(environ, "EVOQ_FEE_BPS", default.fee_bps, 0.0, 1_000.0),
            slippage_bps=_number(environ, "EVOQ_SLIPPAGE_BPS", default.slippage_bps, 0.0, 1_000.0),
            workers=_whole(environ, "EVOQ_WORKERS", 0, 0, 1024) or None,
        )


def _number(environ: Mapping[str, str], name: str, default: float, least: float, most: float) -> float:
    text = environ.get(name, "").strip()
    try:
        value = float(text) if text else default
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise UserError(f"{name} must be a number in [{least:g}, {most:g}], was {text!r}")
    return value


def _whole(environ: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environ.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise UserError(f"{name} must be a whole number in [{least}, {most}], was {text!r}")
    return int(text)

"""The identity of a run: everything that decides its results."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evolution.dimension import Dimension
from evolution.engine_version import ENGINE_VERSION
from evolution.errors import IdentityError, SettingsError, StateError
from evolution.schedule import Schedule, default_batch_size
from evolution.settings import Settings
from evolution.space import Space
from evolution.species import Species

__all__ = ["RunIdentity"]


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """What two runs must have in common to give the same population.

    The number of workers, the size of their chunks and the number of generations are not part of it.

    Attributes
    ----------
    spaces : tuple of (Species, Space)
        What is searched, in the order of the species.
    population : int
        Members over all species.
    seed : int
        Seed of all random numbers.
    batch_size : int
        Children of a batch; the default of the population where None was given.
    lag : int
        Batch k reads the state after batches 0..k - `lag`.
    settings : Settings
        Parameters of the algorithm.
    data_hash, costs_hash : str
        Identity of the candles and of the costs, from the caller.
    objective_hash : str
        Identity of how candles become fitness: folds, neighbourhood, windows; from the caller.
    engine_version : int
        Version of the algorithm.

    Raises
    ------
    SettingsError
        If a number is out of its bounds, or there is no species.
    """

    spaces: tuple[tuple[Species, Space], ...]
    population: int
    seed: int
    batch_size: int
    lag: int = 4
    settings: Settings = field(default_factory=Settings)
    data_hash: str = ""
    costs_hash: str = ""
    objective_hash: str = ""
    engine_version: int = ENGINE_VERSION

    def __post_init__(self) -> None:
        object.__setattr__(self, "spaces", tuple(sorted(self.spaces, key=lambda pair: pair[0])))
        if isinstance(self.seed, bool) or not isinstance(self.seed, int):
            raise SettingsError(f"seed must be a whole number, was {self.seed!r}")
        names = [species for species, _ in self.spaces]
        if len(set(names)) != len(names):
            raise SettingsError(f"species must be different, were {', '.join(map(str, names))}")
        _ = self.schedule  # checks the rest
        in_flight = (self.lag + 1) * min(self.batch_size, self.population)
        if self.settings.memory < in_flight:
            raise SettingsError(f"memory must hold lag + 1 batches ({in_flight:,}), was {self.settings.memory:,}")

    @classmethod
    def of(
        cls,
        spaces: Space | Mapping[str | Species, Space],
        *,
        population: int,
        seed: int,
        batch_size: int | None = None,
        lag: int = 4,
        settings: Settings | None = None,
        data_hash: str = "",
        costs_hash: str = "",
        objective_hash: str = "",
    ) -> "RunIdentity":
        """Return the identity of a run from what a user gives.

        Parameters
        ----------
        spaces : Space or mapping of (str or Species) to Space
            One space (species "default"), or one for each species.
        population : int
            Members over all species.
        seed : int
            Seed of all random numbers.
        batch_size : int or None
            Children of a batch; None for a sixteenth of the population, at most 64.
        lag : int
            Batch k reads the state after batches 0..k - `lag`.
        settings : Settings or None
            Parameters of the algorithm; None for the defaults.
        data_hash, costs_hash : str
            Identity of the candles and of the costs.
        objective_hash : str
            Identity of how candles become fitness.

        Returns
        -------
        RunIdentity
            Checked, with defaults filled in.
        """
        mapping = {"default": spaces} if isinstance(spaces, Space) else spaces
        pairs = [(key if isinstance(key, Species) else Species(key), space) for key, space in mapping.items()]
        if batch_size is None:
            batch_size = default_batch_size(population)
        return cls(
            tuple(pairs),
            population,
            seed,
            batch_size,
            lag,
            settings or Settings(),
            data_hash,
            costs_hash,
            objective_hash,
        )

    @property
    def schedule(self) -> Schedule:
        """The arithmetic that follows from it."""
        return Schedule(self.population, len(self.spaces), self.batch_size, self.lag)

    @property
    def hash(self) -> str:
        """SHA-256 of its canonical JSON, hexadecimal."""
        text = json.dumps(self.describe(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def describe(self) -> dict[str, Any]:
        """Return the identity as JSON values.

        Returns
        -------
        dict
            What `from_description` reads.
        """
        return {
            "engine_version": self.engine_version,
            "seed": self.seed,
            "population": self.population,
            "batch_size": self.batch_size,
            "lag": self.lag,
            "settings": self.settings.describe(),
            "spaces": [
                {"species": [item.type, item.symbol, item.timeframe], "dimensions": space.describe()}
                for item, space in self.spaces
            ],
            "data_hash": self.data_hash,
            "costs_hash": self.costs_hash,
            "objective_hash": self.objective_hash,
        }

    @classmethod
    def from_description(cls, values: Mapping[str, Any]) -> "RunIdentity":
        """Return the identity that `describe` wrote.

        Parameters
        ----------
        values : mapping
            JSON values.

        Returns
        -------
        RunIdentity
            Equal to the one described.

        Raises
        ------
        StateError
            If something is missing or out of bounds.
        """
        try:
            spaces = tuple(
                (Species(*item["species"]), Space(Dimension(**dimension) for dimension in item["dimensions"]))
                for item in values["spaces"]
            )
            plain = {key: value for key, value in values.items() if key not in ("spaces", "settings")}
            return cls(spaces=spaces, settings=Settings(**values["settings"]), **plain)
        except (KeyError, TypeError, SettingsError) as error:
            raise StateError(f"the recorded identity of the run cannot be read: {error}") from error

    def require(self, wanted: "RunIdentity") -> None:
        """Refuse to go on with a run under another identity.

        Parameters
        ----------
        wanted : RunIdentity
            Identity the caller asks for; this one is recorded.

        Raises
        ------
        IdentityError
            If anything differs; the message names it all.
        """
        recorded, asked = _flat(self.describe()), _flat(wanted.describe())
        differing = [
            f"{name} (recorded {_short(recorded.get(name))}, asked for {_short(asked.get(name))})"
            for name in sorted(recorded.keys() | asked.keys())
            if recorded.get(name) != asked.get(name)
        ]
        if differing:
            raise IdentityError(
                f"a run can only be resumed as it was started; different: {', '.join(differing)}. "
                "Start a new run, or ask for what is recorded."
            )


def _flat(description: dict[str, Any]) -> dict[str, object]:
    """Name every value by its path, so that a difference can be named as well."""
    flat: dict[str, object] = {}
    for name, value in description.items():
        if name == "settings":
            flat |= {f"settings.{key}": item for key, item in value.items()}
        elif name == "spaces":
            for space in value:
                species = str(Species(*space["species"]))
                flat[f"species {species}"] = True
                flat |= {f"{species}, {dimension['name']}": dimension for dimension in space["dimensions"]}
        else:
            flat[name] = value
    return flat


def _short(value: object, limit: int = 120) -> str:
    text = "nothing" if value is None else json.dumps(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."

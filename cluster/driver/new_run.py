"""A new run that somebody has asked for: its settings, checked, and the command that waits for it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from types import UnionType

from cluster.driver.driver_settings import DriverSettings
from cluster.errors import UserError
from evolution import RunIdentity, Windows
from storage import LONGEST_INTERVAL_S, Command, ConfigRepository, ConflictError

__all__ = ["ACTION", "NewRun"]

ACTION = "start_evolution"

_TRIES = 5
_RUN = ("population", "seed", "generations_per_window")
_BOUNDS: Mapping[str, tuple[int, int, type | UnionType]] = {
    "population": (1, 1_000_000, int),
    "seed": (0, 2**63 - 1, int),
    "generations_per_window": (1, 1_000_000, int),
    "evolution_interval": (0, LONGEST_INTERVAL_S, int | float),
}


@dataclass(frozen=True, slots=True)
class NewRun:
    """What a run shall be that takes the place of the present one.

    Attributes
    ----------
    command : Command
        Who asks for it, with `parameters`: population, seed, generations_per_window and evolution_interval, each of
        which may be left out.
    """

    command: Command

    def settings(self, usual: DriverSettings) -> DriverSettings:
        """Return the settings of the run.

        Parameters
        ----------
        usual : DriverSettings
            What it is where the command does not say.

        Returns
        -------
        DriverSettings
            Of the new run.

        Raises
        ------
        UserError
            If something is asked for that a run does not know, or is out of its bounds.
        """
        asked = {name: value for name, value in self.command.parameters.items() if value is not None}
        if unknown := sorted(asked.keys() - _BOUNDS.keys()):
            raise UserError(
                f"a new run takes {', '.join(_BOUNDS)}, was sent {', '.join(unknown)}: types are those that are "
                "installed, markets those of EVOQ_FEED"
            )
        for name, value in asked.items():
            least, most, kind = _BOUNDS[name]
            known = isinstance(value, int | float) and isinstance(value, kind) and not isinstance(value, bool)
            if not (known and least <= value <= most):
                number = "a whole number" if kind is int else "a number of seconds"
                raise UserError(f"{name} must be {number} in [{least:,}, {most:,}], was {value!r}")
        return replace(usual, **{name: asked[name] for name in _RUN if name in asked})

    def check(self, usual: DriverSettings, windows: Windows) -> None:
        """Refuse what could not be built, while the present run still lives.

        Parameters
        ----------
        usual : DriverSettings
            As for `settings`.
        windows : Windows
            Those of the present run: the new one is on the same markets, with the same types. A population that is
            too small for their species is refused, for instance.
        """
        settings = self.settings(usual)
        RunIdentity.of(windows.spaces, population=settings.population, seed=settings.seed)

    def configure(self, config: ConfigRepository) -> None:
        """Put the interval that was asked for into the configuration, where it can be changed again.

        Parameters
        ----------
        config : ConfigRepository
            The configuration.

        Raises
        ------
        ConflictError
            If somebody else keeps changing it.
        """
        wanted = self.command.parameters.get("evolution_interval")
        if wanted is None:
            return
        for left in reversed(range(_TRIES)):
            present = config.get()
            if present.auto_trading.evolution_interval == wanted:
                return
            trading: Mapping[str, object] = asdict(present.auto_trading) | {"evolution_interval": float(wanted)}
            try:
                config.put(
                    {"auto_trading": trading, "management": asdict(present.management)},
                    version=present.version,
                    changed_by=self.command.by,
                    role=self.command.role,
                    reason=self.command.reason,
                )
            except ConflictError:
                if not left:
                    raise
            else:
                return

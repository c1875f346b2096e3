"""A new run that somebody has asked for: its settings, checked, and the command that waits for it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from cluster.driver.driver_settings import DriverSettings
from storage import Command, ConfigRepository, ConflictError

__all__ = ["ACTION", "NewRun"]

ACTION = "start_evolution"

_TRIES = 5
_RUN = ("population", "seed", "generations_per_window")


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
        """
        asked = self.command.parameters
        return replace(usual, **{name: int(asked[name]) for name in _RUN if asked.get(name) is not None})

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

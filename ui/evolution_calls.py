"""Evolution: its generations, archive, leaders and runs, and a new run in place of the present one."""

from ui.calls import Calls, Q, without_none
from ui.desk_answers import Accepted
from ui.evolution_answers import BehaviourMap, Leaders, Luck, Populations, Run, Runs

__all__ = ["EvolutionCalls"]


class EvolutionCalls(Calls):
    """Asks about evolution, and begins runs."""

    def populations(self, run_id: str | None = None, species: str | None = None, generations: int = 200) -> Populations:
        """Return how a run went, generation by generation.

        Parameters
        ----------
        run_id : str, optional
            The one that was worked on last by default.
        species : str, optional
            Such as "momentum BTC/USDT 1h"; all by default.
        generations : int
            The latest ones, 1 to 1,000.

        Returns
        -------
        Populations
            Its `frame` is a table.
        """
        asked = {"run_id": run_id, "species": species, "generations": generations}
        return self._read(Populations, f"{Q}/evolution/populations", asked)

    def archive(self, run_id: str | None = None, species: str | None = None) -> BehaviourMap:
        """Return the ways of trading that a run has found, as of its last stored batch."""
        return self._read(BehaviourMap, f"{Q}/evolution/archive", {"run_id": run_id, "species": species})

    def leaders(self, most: int = 20) -> Leaders:
        """Return the best out-of-sample evidence, and how much of it may be luck; at most 200."""
        return self._read(Leaders, f"{Q}/evolution/leaders", {"limit": most})

    def luck(self) -> Luck:
        """Return what luck alone brings about, beside what the desk has."""
        return self._read(Luck, f"{Q}/evolution/luck")

    def runs(self, most: int = 50) -> tuple[Run, ...]:
        """Return the latest runs, the newest first; at most 200."""
        return self._read(Runs, f"{Q}/runs", {"limit": most}).items

    def start_evolution(
        self,
        reason: str | None = None,
        *,
        population: int | None = None,
        seed: int | None = None,
        generations_per_window: int | None = None,
        evolution_interval: float | None = None,
        key: str | None = None,
    ) -> Accepted:
        """Begin a new run in place of the present one; the roster and the count of trials stay.

        Parameters
        ----------
        reason : str, optional
            For the operations log.
        population, seed, generations_per_window : int, optional
            Of the run; what is left out is as the desk's environment says.
        evolution_interval : float, optional
            Seconds between generations; changes the configuration.
        key : str, optional
            Idempotency-Key; a new one by default.

        Returns
        -------
        Accepted
            The command; `wait` waits until the run has begun.
        """
        settings = {
            "population": population,
            "seed": seed,
            "generations_per_window": generations_per_window,
            "evolution_interval": evolution_interval,
        }
        body = {"action": "start_evolution", "reason": reason, "settings": without_none(settings)}
        return self._write(Accepted, "POST", f"{Q}/system-control", without_none(body), key)

"""When what has died is started again: soon at first, ever later, and for a long time not at all."""

import random
from dataclasses import dataclass

from market.clock import Clock

__all__ = ["RestartCounter", "RestartPolicy"]


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """How patient the supervisor is with a service.

    Attributes
    ----------
    first_s, longest_s : float
        Pause before the first restart, and the longest one; each is twice the one before.
    jitter : float
        By which share a pause is shortened or stretched at random, so that services do not come back in step.
    quick_s : float
        A service that lived for less died quickly.
    most_quick : int
        After so many quick deaths in a row it is given up.
    rest_s : float
        A service that was given up is tried again after so long: what made it die may be over.
    """

    first_s: float = 0.5
    longest_s: float = 30.0
    jitter: float = 0.25
    quick_s: float = 30.0
    most_quick: int = 6
    rest_s: float = 600.0


class RestartCounter:
    """Counts the lives of one service.

    Parameters
    ----------
    policy : RestartPolicy
        How patient to be.
    clock : Clock
        The time.
    chance : random.Random, optional
        Where the jitter comes from.

    Attributes
    ----------
    deaths : int
        How often it died.
    """

    def __init__(self, policy: RestartPolicy, clock: Clock, chance: random.Random | None = None) -> None:
        self._policy = policy
        self._clock = clock
        self._chance = random.Random() if chance is None else chance  # noqa: S311 - no secret depends on it
        self._born = clock.monotonic()
        self._quick = 0
        self.deaths = 0

    @property
    def given_up(self) -> bool:
        """Whether it died quickly too often."""
        return self._quick >= self._policy.most_quick

    def born(self) -> None:
        """Note that it was started."""
        self._born = self._clock.monotonic()

    def died(self, *, excused: bool = False) -> float:
        """Note that it died, and return how long to wait.

        Parameters
        ----------
        excused : bool, optional
            Whether it could not live because of another service: then it does not count as a quick death.

        Returns
        -------
        float
            Seconds until it is to be started again.
        """
        policy = self._policy
        self.deaths += 1
        if self._clock.monotonic() - self._born >= policy.quick_s:
            self._quick = 0
        if not excused:
            self._quick += 1
        if self.given_up:
            return policy.rest_s
        pause = min(policy.longest_s, policy.first_s * 2.0 ** max(0, self._quick - 1))
        return pause * (1.0 + policy.jitter * self._chance.uniform(-1.0, 1.0))

    def forgive(self) -> None:
        """Forget the quick deaths: somebody wants it to be tried again."""
        self._quick = 0

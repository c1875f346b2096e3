"""The errors of this package.

::

    EvolutionError (ValueError)
    ├── SettingsError           a space, a setting or a run parameter is out of bounds   (the user mends it)
    ├── TellError               a result for no open candidate, or a contradicting one   (the caller mends it)
    ├── StateError              a recorded state cannot be read                          (restore or start anew)
    │   └── IdentityError       the state belongs to another run                         (the user decides)
    └── RunnerError             a runner or an objective broke its contract              (its author mends it)
"""

__all__ = ["EvolutionError", "IdentityError", "RunnerError", "SettingsError", "StateError", "TellError"]


class EvolutionError(ValueError):
    """Root of everything this package refuses."""


class SettingsError(EvolutionError):
    """A search space, a setting or a run parameter is out of its bounds."""


class TellError(EvolutionError):
    """A result was told for a candidate that is not open, or contradicts an earlier one."""


class StateError(EvolutionError):
    """A recorded state cannot be read: damaged, or written by another engine version."""


class IdentityError(StateError):
    """A recorded state belongs to another run; the message names what differs."""


class RunnerError(EvolutionError):
    """A runner or an objective broke its contract: candidates were lost, or scores do not match them."""

"""The errors of this package, by who must act.

::

    ClusterError (ValueError)          the user must act; one line says the rule, the value and the cure
    ├── AddressError                   no cluster can be joined there
    ├── TokenError                     a token of a cluster or of this desk is missing, unusable or refused
    ├── PasswordError                  a password may not be used
    ├── UserError                      an option or an argument of a command cannot be meant
    ├── SettingError                   a variable of the environment, or a limit of the machine, does not allow it
    └── WorkerImportError              a node of the cluster has not what an evaluation needs
    ClusterFault (RuntimeError)        ours, exit status 1
    ├── StartError                     Ray did not start on this machine
    └── EvaluationError                the evaluator raised; the message names the candidate

A worker that dies, hangs or vanishes is no error: its candidates are evaluated again.
"""

__all__ = [
    "AddressError",
    "ClusterError",
    "ClusterFault",
    "EvaluationError",
    "PasswordError",
    "SettingError",
    "StartError",
    "TokenError",
    "UserError",
    "WorkerImportError",
]


class ClusterError(ValueError):
    """The user must act; the message says how."""


class AddressError(ClusterError):
    """No cluster can be joined at the address."""


class TokenError(ClusterError):
    """A token of a cluster or of this desk is missing, unusable or refused."""


class PasswordError(ClusterError):
    """A password may not be used."""


class UserError(ClusterError):
    """An option or an argument of a command cannot be meant."""


class SettingError(ClusterError):
    """A variable of the environment, or a limit of the machine, does not allow it."""


class WorkerImportError(ClusterError):
    """A node of the cluster cannot load what an evaluation needs."""


class ClusterFault(RuntimeError):  # noqa: N818  # a fault of ours, not an error of the user's
    """Something of ours failed."""


class StartError(ClusterFault):
    """Ray did not start on this machine."""


class EvaluationError(ClusterFault):
    """The evaluator raised; it would again, so nothing is retried."""

"""Cluster: where it runs. A Ray session is a handful of processes that evaluate candidates; a runner hands them out.

The algorithm knows the `Runner` protocol of `evolution` only; this package fulfils it over Ray, on this machine
(`local`), on a cluster that is running here (`auto`) or on one at an address. Importing this package imports
neither Ray nor numba: a command that needs no workers does not wait for them.
"""

from cluster.errors import (
    AddressError,
    ClusterError,
    ClusterFault,
    EvaluationError,
    SettingError,
    StartError,
    TokenError,
    UserError,
    WorkerImportError,
)

__all__ = [
    "AddressError",
    "ClusterError",
    "ClusterFault",
    "EvaluationError",
    "SettingError",
    "StartError",
    "TokenError",
    "UserError",
    "WorkerImportError",
]

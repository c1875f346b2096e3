"""How the workers of a joined cluster come by our code."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cluster.ray_address import ClusterFacts, own_addresses

__all__ = ["code_for_workers"]

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = ("market", "strategies", "backtest", "evolution", "storage", "cluster")
_IN_JOB = "RAY_JOB_CONFIG_JSON_ENV_VAR"


def code_for_workers(facts: ClusterFacts, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the runtime environment to join a cluster with.

    Our packages are shipped by name, never the checkout: it may hold `data/` with tokens and keys.

    Parameters
    ----------
    facts : ClusterFacts
        The cluster.
    environ : mapping of str to str, optional
        The environment, by default this process's; it tells whether this is a job that Ray itself started.

    Returns
    -------
    dict
        Empty inside a job of `ray job submit`, which has shipped the code; the checkout's path if all nodes are this
        machine; else the packages. What numba compiles stays beside the code, so the workers of a node share it.
    """
    if _IN_JOB in environ:
        return {}
    if set(facts.nodes) <= own_addresses():
        return {"env_vars": {"PYTHONPATH": str(_ROOT)}}
    return {
        "py_modules": [str(_ROOT / package) for package in _PACKAGES if (_ROOT / package).is_dir()],
        "excludes": ["__pycache__"],
    }

"""What runs on Ray: nodes, actors and Serve's replicas, asked from within the cluster."""

from collections import Counter
from typing import Any

from cluster.errors import ClusterFault

__all__ = ["ray_figures"]

_MOST_ACTORS = 5_000
_ASK_S = 2


def ray_figures() -> dict[str, Any]:
    """Return what runs on Ray.

    Returns
    -------
    dict
        `nodes`, `actors` (counted by class and state), `deployments` of Serve, `proxies`, and `resources` with what of
        each is there and what is in use.

    Raises
    ------
    ClusterFault
        If this process is no part of a cluster.
    """
    import ray

    if not ray.is_initialized():
        raise ClusterFault("this API runs outside of Ray")
    total, free = ray.cluster_resources(), ray.available_resources()
    return {
        "nodes": [_node(node) for node in ray.nodes()],
        "actors": _actors(),
        **_serve(),
        "resources": [
            {"name": name, "total": float(amount), "used": max(0.0, float(amount - free.get(name, 0.0)))}
            for name, amount in sorted(total.items())
            if not name.startswith("node:")
        ],
    }


def _node(node: dict[str, Any]) -> dict[str, Any]:
    resources = node.get("Resources", {})
    return {
        "id": str(node.get("NodeID", ""))[:12],
        "address": node.get("NodeManagerAddress"),
        "alive": bool(node.get("Alive")),
        "head": "node:__internal_head__" in resources,
        "cpus": resources.get("CPU"),
        "memory_bytes": resources.get("memory"),
    }


def _actors() -> list[dict[str, Any]]:
    import ray
    from ray.util.state import list_actors

    head = ray.get_runtime_context().gcs_address  # else it looks around for any Ray of this machine
    states = list_actors(head, limit=_MOST_ACTORS, timeout=_ASK_S, raise_on_missing_output=False)
    counted = Counter((str(one.class_name), str(one.state)) for one in states)
    return [{"name": name, "state": state, "count": count} for (name, state), count in sorted(counted.items())]


def _serve() -> dict[str, Any]:
    from ray import serve

    status = serve.status()
    return {
        "deployments": [
            {
                "name": f"{application}/{name}",
                "status": str(getattr(one.status, "value", one.status)),
                "replicas": {str(getattr(state, "value", state)): n for state, n in one.replica_states.items()},
                "message": one.message or None,
            }
            for application, told in status.applications.items()
            for name, one in told.deployments.items()
        ],
        "proxies": [str(getattr(state, "value", state)) for state in status.proxies.values()],
    }

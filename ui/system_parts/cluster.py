"""What runs on Ray."""

import streamlit as st

from ui.panel import View, html_table
from ui.panel.states import notice
from ui.system_answers import ClusterFigures, RayFigures

__all__ = ["cluster_of", "draw_cluster", "tell_problem"]

_AGE_S = 5.0
_GIB = 2**30
_BYTES = ("memory", "object_store_memory")


def cluster_of(view: View) -> ClusterFigures | None:
    """Return the machinery; the desk answers within seconds, without the parts that hang."""
    return view.load("cluster", view.client.cluster, max_age_s=_AGE_S)


def tell_problem(view: View, found: ClusterFigures, part: str) -> None:
    """Say why there are no figures of a part: ray, database or cache."""
    problem = found.problems.get(part)
    if problem is None:
        view.empty("system.part_absent")
    else:
        st.html(notice("error", view.text("system.part_silent"), problem))


def draw_cluster(view: View) -> None:
    """Draw nodes, resources, actors and deployments, and the way to the Ray dashboard."""
    found = cluster_of(view)
    if found is None:
        return
    if found.dashboard_url is not None:
        _dashboard(view, found.dashboard_url)
    if found.ray is None:
        tell_problem(view, found, "ray")
        return
    left, right = st.columns(2, gap="large")
    with left:
        _nodes(view, found.ray)
        _resources(view, found.ray)
    with right:
        _deployments(view, found.ray)
        _actors(view, found.ray)


def _dashboard(view: View, url: str) -> None:
    if url.startswith(("http://", "https://")):
        st.link_button(view.text("system.dashboard"), url, icon=":material/open_in_new:", key="system.dashboard")


def _nodes(view: View, ray: RayFigures) -> None:
    rows = [
        (
            each.address or each.id,
            view.text("system.head") if each.head else view.text("system.worker"),
            view.text("system.alive") if each.alive else view.text("system.dead"),
            view.number(each.cpus),
            view.number(None if each.memory_bytes is None else each.memory_bytes / _GIB, 1, "GiB"),
        )
        for each in ray.nodes
    ]
    titles = ("system.node", "system.node_role", "system.state", "system.cpus", "system.memory")
    html_table(view, titles, rows, text_columns=3)


def _resources(view: View, ray: RayFigures) -> None:
    rows = []
    for each in ray.resources:
        scale, unit, decimals = (_GIB, "GiB", 2) if each.name in _BYTES else (1, "", 1)
        used, total = each.used / scale, each.total / scale
        rows.append(
            (view.word("resource", each.name), view.number(used, decimals, unit), view.number(total, decimals, unit))
        )
    html_table(view, ("system.resource", "system.reserved", "system.total"), rows)


def _deployments(view: View, ray: RayFigures) -> None:
    rows = [
        (
            each.name,
            view.word("ray", each.status),
            ", ".join(f"{view.number(n)} {view.word('ray', state)}" for state, n in sorted(each.replicas.items()))
            or "–",
            each.message or "–",
        )
        for each in ray.deployments
    ]
    titles = ("system.deployment", "system.state", "system.replicas", "system.message")
    html_table(view, titles, rows, text_columns=4)
    if ray.proxies:
        st.caption(view.text("system.proxies", states=", ".join(view.word("ray", state) for state in ray.proxies)))


def _actors(view: View, ray: RayFigures) -> None:
    rows = [(each.name, view.word("ray", each.state), view.number(each.count)) for each in ray.actors]
    html_table(view, ("system.actor", "system.state", "system.count"), rows, text_columns=2)

"""Who a strategy descends from, as a tree in a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text
from rich.tree import Tree

from cluster.explanation.wording import number

__all__ = ["lineage_tree"]

_MOST_LINES = 24
_INDENT, _WORDS_WIDE = 4, 56
_RETURNING = "returning: an elite that was scored again in a later window; its single parent is the same strategy"
_WORDS = {
    "initial": "initial sample",
    "immigrant": "random immigrant",
    "migrant": "migrant from another species",
    "current_to_pbest": "current-to-pbest",
    "rank_mu": "rank-mu",
}


def lineage_tree(lineage: Mapping[str, Any], width: int = 80) -> list[Tree | Text]:
    """Return a tree that grows from a strategy to its ancestors, and what has to be said about it.

    Parameters
    ----------
    lineage : mapping
        `nodes` and `edges` of `StrategyExplanation.lineage`; the first node is the strategy.
    width : int
        Columns of the terminal.

    Returns
    -------
    list of Tree and Text
        The tree has the 24 nearest nodes, as deep as the terminal is wide; whoever is reached on several ways is
        followed once.
    """
    nodes = {node["child"]: node for node in lineage["nodes"]}
    root = lineage["nodes"][0]
    deepest = max((width - _WORDS_WIDE) // _INDENT, 1)
    shown = {node["child"] for node in lineage["nodes"][:_MOST_LINES] if node["depth"] <= deepest}
    seen = {root["child"]}
    tree = Tree(_words(root), guide_style="dim")

    def grow(branch: Tree, node: Mapping[str, Any]) -> None:
        absent = 0
        for parent in dict.fromkeys(node["parents"]):
            if parent not in shown:
                absent += 1
                continue
            again = parent in seen
            seen.add(parent)
            twig = branch.add(_words(nodes[parent]) + (", see above" if again and nodes[parent]["parents"] else ""))
            if not again:
                grow(twig, nodes[parent])
        if absent:
            branch.add(f"[dim]{absent} {'parents' if absent > 1 else 'parent'} farther back[/]")

    grow(tree, root)
    hints = [_RETURNING] if any(nodes[child]["operator"] == "returning" for child in shown) else []
    return [tree, *(Text(hint, style="dim") for hint in hints)]


def _words(node: Mapping[str, Any]) -> str:
    operator = node["operator"]
    return (
        f"#{node['child']} [bold]{_WORDS.get(operator, operator)}[/], fitness {number(node['fitness'], '.1f')}, "
        f"generation {node['generation']}, window {node['window']}"
    )

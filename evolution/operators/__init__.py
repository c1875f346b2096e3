"""Variation operators: how parents become a child. One file each; `available` finds them.

A newcomer subclasses `Operator` in a file of this package, and takes part once `Settings.shares` names it.

Examples
--------
>>> from evolution import operators
>>> operators.available()
('cma_es', 'current_to_pbest', 'differential', 'immigrant', 'migrant', 'mutation', 'rank_mu', 'sbx', 'uniform')
"""

from evolution.operators.operator import Operator
from evolution.operators.registry import available, get

__all__ = ["Operator", "available", "get"]

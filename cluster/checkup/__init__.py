"""The checkup behind `evoq doctor`: what could keep a desk from running well, and what to do about it.

A *finding* is one line: good, a warning or a problem, each with its cure. A file examines one subject and has a
function `examine(desk)` that returns findings; a file that is added here is found, and that is all there is to adding
a subject.
"""

import importlib
import pkgutil
from collections.abc import Iterator

from cluster.checkup.finding import Finding, Grade
from cluster.supervisor.desk import Desk

__all__ = ["Finding", "Grade", "findings"]


def findings(desk: Desk) -> Iterator[Finding]:
    """Yield what there is to say about a desk and its machine; a look that fails is a finding itself.

    Parameters
    ----------
    desk : Desk
        The desk; it may run or not.

    Yields
    ------
    Finding
        One after the other, as they are made.
    """
    for name in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        if name == "finding":
            continue
        subject = importlib.import_module(f"{__name__}.{name}")
        try:
            yield from subject.examine(desk)
        except Exception as error:  # one subject must not hide the others
            yield Finding(name, Grade.WARNING, f"could not be examined ({type(error).__name__}: {error})")

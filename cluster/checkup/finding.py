"""A finding of the checkup."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Grade"]


class Grade(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the checkup.

    Attributes
    ----------
    subject : str
        What was examined.
    grade : Grade
        How it is.
    message : str
        What was found.
    cure : str
        What to do about it; empty when it is good.
    """

    subject: str
    grade: Grade
    message: str
    cure: str = ""

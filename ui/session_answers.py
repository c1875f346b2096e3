"""Who is signed in, as a desk tells of it."""

from dataclasses import dataclass, field

from ui.page import Milliseconds

__all__ = ["Session", "SignedIn"]


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """A session that has begun.

    Attributes
    ----------
    token : str
        For `connect`; told this once, and never shown.
    role : str
        read or operate.
    expires_at : int
        When it is over if it is not used before, ms UTC.
    """

    token: str = field(repr=False)
    role: str
    expires_at: Milliseconds


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a client's token stands for.

    Attributes
    ----------
    source : str
        session, or token for that of a file, which does not expire.
    """

    role: str
    source: str
    expires_at: Milliseconds | None

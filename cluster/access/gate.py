"""The gate: a token and the address it comes from go in, a role or a refusal comes out."""

import logging
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256

from cluster.access.lockout import Lockout
from cluster.access.tokens import Role, Tokens
from market.clock import Clock

__all__ = ["Admission", "Gate"]

_logger = logging.getLogger(__name__)
_MOST_KNOWN = 4_096


@dataclass(frozen=True, slots=True)
class Admission:
    """What the gate answers.

    Attributes
    ----------
    role : Role or None
        What the caller may do; None if refused.
    code : str
        `admitted`, `unauthorized` or `locked_out`.
    retry_after_s : float
        For one who is locked out, when to try again.
    """

    role: Role | None
    code: str
    retry_after_s: float = 0.0


class Gate:
    """Admits by token, and locks out addresses that guess.

    Everybody on one machine shares the address 127.0.0.1. So that a forgotten program with an old token cannot lock
    out the operator, a lock-out does not touch a token that was right from that address before; to all others even the
    right token does not open while it lasts.

    Parameters
    ----------
    tokens : Tokens
        The desk's tokens.
    clock : Clock
        The time.
    lockout : Lockout, optional
        Another lock-out than the usual one.
    """

    def __init__(self, tokens: Tokens, clock: Clock, lockout: Lockout | None = None) -> None:
        self._tokens = tokens
        self._lockout = Lockout(clock) if lockout is None else lockout
        self._known: OrderedDict[tuple[str, bytes], None] = OrderedDict()

    def admit(self, token: str | None, address: str) -> Admission:
        """Decide about a caller.

        Parameters
        ----------
        token : str or None
            What the caller shows; None, which is no guess and does not count, if that is nothing.
        address : str
            The caller's IP address, as the socket knows it.

        Returns
        -------
        Admission
            The role, or why there is none.
        """
        role = None if token is None else self._tokens.authenticate(token)
        caller = (address, b"" if token is None else sha256(token.encode("utf-8", "surrogatepass")).digest())
        remaining_s = self._lockout.remaining_s(address)
        if remaining_s > 0 and not (role is not None and caller in self._known):
            return Admission(None, "locked_out", remaining_s)
        if role is not None:
            self._known[caller] = None
            self._known.move_to_end(caller)
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
            return Admission(role, "admitted")
        if token is not None and self._lockout.failed(address):
            _logger.warning("%s showed too many wrong tokens and is locked out for a while", address)
        return Admission(None, "unauthorized")

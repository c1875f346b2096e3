"""Signing in and out, and who a client is to its desk."""

import uuid

from ui.calls import Calls, without_none
from ui.session_answers import Session, SignedIn

__all__ = ["SessionCalls"]

_SESSIONS = "/api/sessions"
_CURRENT = f"{_SESSIONS}/current"


class SessionCalls(Calls):
    """Begins sessions, and ends that of this client."""

    def begin_session(self, role: str, password: str, viewer: str | None = None) -> SignedIn:
        """Begin a session; this client goes on as it is.

        Parameters
        ----------
        role : str
            read or operate.
        password : str
            Its password. A wrong one is an `UnauthorizedError`; after five of them `BusyError` says how long to wait.
        viewer : str, optional
            IP address of the person for whom a control panel on the desk's machine asks: failures are counted by it.

        Returns
        -------
        SignedIn
            With the token of the session.
        """
        body = without_none({"role": role, "password": password, "viewer": viewer})
        return self._write(SignedIn, "POST", _SESSIONS, body, None)

    def session(self) -> Session:
        """Return what this client's token stands for."""
        return self._read(Session, _CURRENT)

    def sign_out(self) -> None:
        """End the session of this client; a client with the token of a file gets a `ConflictError`."""
        self._transport.write("DELETE", _CURRENT, None, uuid.uuid4().hex)

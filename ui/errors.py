"""What can go wrong when a desk is asked, by who must act.

::

    ClientError
    ├── RefusalError (ValueError)      whoever asked must act; the message says the rule, the value and the cure
    │   ├── SettingError               an address, port or token cannot be meant, or there is no token
    │   ├── UnauthorizedError          401: this desk does not know the token
    │   ├── ForbiddenError             403: the token's role may only read
    │   ├── NotFoundError              404: no such strategy, command or alert; or the desk does not have it yet
    │   ├── ConflictError              409, 412, 428: somebody else was faster, or the step is not open
    │   ├── InvalidValueError          other 4xx: a value that may not be asked for
    │   └── CommandRefusedError        a command was accepted, and then refused
    ├── UnavailableError               a retry may help: nobody answers, not in time, or not ready (503)
    │   ├── BusyError                  429: too many requests, or too many wrong tokens from this address
    │   ├── OutcomeUnknownError        a write was sent and not answered: repeat it with its key
    │   └── StillRunningError          a command has not ended yet
    └── ServerError                    nobody knows yet: the desk's log does (other 5xx)
        ├── AnswerError                what answered does not speak as this client expects
        └── CommandFailedError         a command was accepted, and failed

No message, and nothing that is kept with one, carries a token.
"""

__all__ = [
    "AnswerError",
    "BusyError",
    "ClientError",
    "CommandFailedError",
    "CommandRefusedError",
    "ConflictError",
    "ForbiddenError",
    "InvalidValueError",
    "NotFoundError",
    "OutcomeUnknownError",
    "RefusalError",
    "ServerError",
    "SettingError",
    "StillRunningError",
    "UnauthorizedError",
    "UnavailableError",
]


class ClientError(Exception):
    """Root of everything the client raises on purpose.

    Parameters
    ----------
    message : str
        One line for people.
    status : int, optional
        HTTP status, where the desk has answered.
    code : str, optional
        The `code` of the desk's problem+json: for programs, and stable.
    retry_after_s : float, optional
        After how long the desk asks to be asked again.
    idempotency_key : str, optional
        Of a write: with the same key it is done once, however often it is sent.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        retry_after_s: float | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s
        self.idempotency_key = idempotency_key


class RefusalError(ClientError, ValueError):
    """Whoever asked must act; the message says how."""


class SettingError(RefusalError):
    """An address, port or token cannot be meant, or there is no token."""


class UnauthorizedError(RefusalError):
    """The token is none of the desk's."""


class ForbiddenError(RefusalError):
    """The token's role may only read."""


class NotFoundError(RefusalError):
    """No such strategy, command or alert; with the code `not_there_yet`, a part that the desk does not have yet."""


class ConflictError(RefusalError):
    """Somebody else has changed it in the meantime, or the step is not open from the present state."""


class InvalidValueError(RefusalError):
    """A value that may not be asked for."""


class CommandRefusedError(RefusalError):
    """A command was accepted, and then refused."""


class UnavailableError(ClientError):
    """A retry may help: nobody answers, not in time, or not ready."""


class BusyError(UnavailableError):
    """Too many requests, or too many wrong tokens came from this address: wait."""


class OutcomeUnknownError(UnavailableError):
    """A write was sent and not answered: nobody here knows whether it was done. Its key repeats it safely."""


class StillRunningError(UnavailableError):
    """A command has not ended yet."""


class ServerError(ClientError):
    """The desk failed; its log knows more."""


class AnswerError(ServerError):
    """What answered does not speak as this client expects: another version, or no desk at all."""


class CommandFailedError(ServerError):
    """A command was accepted, and failed."""

"""Log lines for programs: one JSON object a line on standard error, the same for every process of the desk.

Each line is {ts, level, name, message, process}, with {fields} where the caller gives some and {trace} after an
exception; the supervisor writes them to `$EVOQ_HOME/logs/<process>.log`. Fields are values of JSON, given with
``logger.info("text", extra={"fields": {...}})``. Whatever the environment holds as a secret, passwords in addresses and
bearer tokens are blotted out of every line, tracebacks included.
"""

import logging
import os
import re
import sys
import traceback
from collections.abc import Iterable, Mapping
from typing import TextIO
from urllib.parse import unquote

from typing_extensions import override

from cluster.json_output import dumps
from cluster.ray_environment import secret_names

__all__ = ["JsonFormatter", "Redaction", "log_as_json"]

_LONGEST = 8_000
_SHORTEST_SECRET = 6
_BLOT = "***"
_IN_ADDRESS = re.compile(r"(?<=://)[^/\s@\"']*:[^/\s@\"']+(?=@)")
_BEARER = re.compile(r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]{6,}")
_QUIET = ("urllib3", "ccxt", "asyncio", "websockets")


class Redaction:
    """Blots secrets out of text.

    Parameters
    ----------
    secrets : iterable of str
        What must not be seen; what is shorter than six characters would blot out words and is left.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Redaction":
        """Return one that knows the secrets of an environment.

        Parameters
        ----------
        environ : mapping of str to str
            Variables by name; which are secret is decided by `cluster.ray_environment.secret_names`.

        Returns
        -------
        Redaction
            Of an address only the password is secret.
        """
        return cls(each for name in secret_names(environ) for each in _secrets_in(environ[name]))

    def __call__(self, text: str) -> str:
        """Return text without the secrets.

        Parameters
        ----------
        text : str
            Anything.

        Returns
        -------
        str
            With asterisks in their place.
        """
        if self._known is not None:
            text = self._known.sub(_BLOT, text)
        return _BEARER.sub(rf"\1{_BLOT}", _IN_ADDRESS.sub(_BLOT, text))


def _secrets_in(value: str) -> tuple[str, ...]:
    """Return what is secret in the value of a variable.

    Parameters
    ----------
    value : str
        A secret, or an address with a password in it.

    Returns
    -------
    tuple of str
        Of a password also what it looks like outside an address.
    """
    match = _IN_ADDRESS.search(value)
    if match is None:
        return (value,)
    password = match.group().partition(":")[2]
    return password, unquote(password)


class JsonFormatter(logging.Formatter):
    """Makes a line of JSON of a log record.

    Parameters
    ----------
    process : str
        Whose lines they are, such as "feed".
    redaction : Redaction
        Blots out secrets.
    """

    def __init__(self, process: str, redaction: Redaction) -> None:
        super().__init__()
        self._process = process
        self._redaction = redaction

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line.

        Parameters
        ----------
        record : logging.LogRecord
            Its `fields`, where it has them, are values of JSON.

        Returns
        -------
        str
            JSON, bounded in length.
        """
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # a format that does not fit its arguments must not silence the line
            message = str(record.msg)
        line: dict[str, object] = {
            "ts": round(record.created * 1000),
            "level": record.levelname.lower(),
            "name": record.name,
            "message": self._clean(message),
            "process": self._process,
        }
        fields = getattr(record, "fields", None)
        if fields:
            line["fields"] = self._clean_value(fields)
        if record.exc_info and record.exc_info[0] is not None:
            line["trace"] = self._clean("".join(traceback.format_exception(*record.exc_info)), last=True)
        try:
            return dumps(line)
        except (TypeError, ValueError):
            return dumps({name: str(value) for name, value in line.items()})

    def _clean(self, text: str, last: bool = False) -> str:
        text = self._redaction(text)
        if len(text) <= _LONGEST:
            return text
        return f"...{text[-_LONGEST:]}" if last else f"{text[:_LONGEST]}..."

    def _clean_value(self, value: object) -> object:
        if isinstance(value, str):
            return self._clean(value)
        if isinstance(value, Mapping):
            return {self._clean(str(key)): self._clean_value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._clean_value(item) for item in value[:200]]
        if value is None or isinstance(value, (bool, int, float)) or hasattr(value, "tolist"):
            return value
        return self._clean(str(value))


def log_as_json(
    process: str,
    *,
    level: int = logging.INFO,
    stream: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Send every log record of this process to standard error as JSON, in place of what was set up before.

    Parameters
    ----------
    process : str
        Whose lines they are, such as "feed".
    level : int
        Of `logging`; libraries that chatter are held to warnings.
    stream : text stream, optional
        By default standard error.
    environ : mapping of str to str, optional
        Where secrets are looked up that must never be seen; by default `os.environ`.
    """
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(JsonFormatter(process, Redaction.of(os.environ if environ is None else environ)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))

"""The log of a process of the desk: one JSON object a line on standard error, with no password in it.

The supervisor writes the lines to `$EVOQ_HOME/logs/<name>.log`; each is {ts, level, process, logger, message} and, after
an exception, {trace}.
"""

import json
import logging
import re
import sys
from typing import TextIO

__all__ = ["JsonFormatter", "log_json_lines"]

_PASSWORD = re.compile(r"(://[^/\s:@]*):[^/\s@]+@")
_BEARER = re.compile(r"(?i)\b(bearer\s+)[!-~]+")


class JsonFormatter(logging.Formatter):
    """Puts a record into a line of JSON.

    Parameters
    ----------
    process : str
        What this process is called: `push`, `driver`, `feed`.
    """

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as JSON; passwords in addresses and bearer tokens are left out.

        Parameters
        ----------
        record : LogRecord
            What was logged.

        Returns
        -------
        str
            One line.
        """
        line = {
            "ts": int(record.created * 1000),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": _clean(record.getMessage()),
        }
        if record.exc_info:
            line["trace"] = _clean(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def log_json_lines(process: str, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Let this process log JSON lines and nothing else.

    Parameters
    ----------
    process : str
        What it is called.
    stream : TextIO, optional
        Where lines go; by default standard error.
    level : int, optional
        The least severe level that is logged.
    """
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(JsonFormatter(process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)


def _clean(text: str) -> str:
    return _BEARER.sub(r"\1***", _PASSWORD.sub(r"\1:***@", text))

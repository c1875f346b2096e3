"""Where a desk answers, and the token it asks for: this machine's desk unless another one is named."""

import ipaddress
import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from dotenv import dotenv_values

from ui.errors import SettingError

__all__ = ["Destination", "home", "settings"]

_CHECKOUT = Path(__file__).resolve().parent.parent
_TOKEN = re.compile(r"[!-~]{16,512}")
_ROLES = ("operate", "read")


@dataclass(frozen=True, slots=True)
class Destination:
    """A desk.

    Attributes
    ----------
    url : str
        Its HTTP API, without a slash at the end.
    push_url : str
        Its push.
    token : str
        What it asks for; never shown. Empty for somebody who has not signed in.
    ca_file : str or None
        Certificates to trust (PEM); None for those of the system.
    """

    url: str
    push_url: str
    token: str = field(repr=False)
    ca_file: str | None = None

    @classmethod
    def of(
        cls,
        url: str | None = None,
        token: str | None = None,
        *,
        role: str = "operate",
        push_url: str | None = None,
        ca_file: str | Path | None = None,
        anonymous: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> "Destination":
        """Return where to connect to.

        Parameters
        ----------
        url : str, optional
            Of the HTTP API; by default the desk of this machine (EVOQ_BIND, EVOQ_HTTP_PORT).
        token : str, optional
            By default the content of ``token.operate`` or ``token.read`` in EVOQ_HOME.
        role : {"operate", "read"}
            Which of the files.
        push_url : str, optional
            By default the same host, EVOQ_WS_PORT.
        ca_file : str or Path, optional
            Certificates to trust (PEM); by default EVOQ_TLS_CERT for the desk of this machine.
        anonymous : bool
            For somebody who has not signed in: there is no token, and no file is read.
        environ : mapping of str to str, optional
            The settings; by default `settings`.

        Returns
        -------
        Destination
            Checked as far as that is possible without asking it.

        Raises
        ------
        SettingError
            If the role is unknown or the certificates cannot be read.
        """
        environ = settings() if environ is None else environ
        if role not in _ROLES:
            raise SettingError(f'role must be "operate" or "read", was {role!r}')
        if url is None and ca_file is None:
            ca_file = environ.get("EVOQ_TLS_CERT", "").strip() or None
        address = _checked(_local(environ) if url is None else url, "url", ("http", "https"))
        scheme = "wss" if address.scheme == "https" else "ws"
        host = f"[{address.hostname}]" if ":" in str(address.hostname) else address.hostname
        pushed = f"{scheme}://{host}:{_port('EVOQ_WS_PORT', 8765, environ)}" if push_url is None else push_url
        push = _checked(pushed, "push_url", ("ws", "wss"))
        shown = "" if anonymous else _read_token(home(environ) / f"token.{role}") if token is None else token.strip()
        if not (anonymous or _TOKEN.fullmatch(shown)):
            raise SettingError(
                f"token must be 16 to 512 visible characters without spaces, was {len(shown)} characters: give the"
                " content of the desk's token file"
            )
        found = cls(_joined(address), f"{_joined(push)}/", shown, None if ca_file is None else str(ca_file))
        found.tls()  # a bad file is told now
        return found

    def tls(self) -> ssl.SSLContext | None:
        """Return which certificates are trusted.

        Returns
        -------
        SSLContext or None
            None where the desk is reached without TLS.

        Raises
        ------
        SettingError
            If the file cannot be read.
        """
        if self.url.startswith("http:") and self.push_url.startswith("ws:"):
            return None
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise SettingError(f"ca_file must hold certificates in PEM, {self.ca_file} does not: {error}") from error


def settings() -> dict[str, str]:
    """Return the settings: those of the environment, and those of the .env of this folder that it does not have.

    Returns
    -------
    dict of str to str
        By name.
    """
    try:
        written = dotenv_values(Path.cwd() / ".env")
    except (OSError, UnicodeDecodeError):  # the commands complain about it; here it only fills gaps
        written = {}
    return {**{name: value for name, value in written.items() if value is not None}, **os.environ}


def home(environ: Mapping[str, str]) -> Path:
    """Return the folder of this installation; it is not made here.

    Parameters
    ----------
    environ : mapping of str to str
        Where EVOQ_HOME is looked up.

    Returns
    -------
    Path
        EVOQ_HOME; when that is unset the checkout's `data/`, or `~/.evoq` for an installed package.
    """
    named = environ.get("EVOQ_HOME", "").strip()
    if named:
        return Path(named).expanduser().absolute()
    return _CHECKOUT / "data" if (_CHECKOUT / "pyproject.toml").is_file() else Path.home() / ".evoq"


def _local(environ: Mapping[str, str]) -> str:
    scheme = "https" if environ.get("EVOQ_TLS_CERT", "").strip() else "http"
    host = environ.get("EVOQ_BIND", "").strip() or "127.0.0.1"
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{_port('EVOQ_HTTP_PORT', 8888, environ)}"


def _port(name: str, default: int, environ: Mapping[str, str]) -> int:
    text = environ.get(name, "").strip() or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 1 <= int(text) < 2**16):
        raise SettingError(f'{name} must be in [1, 65535], was "{text[:20]}"')
    return int(text)


def _checked(text: str, name: str, schemes: tuple[str, str]) -> SplitResult:
    """Return the parts of an address to which a token may be sent; what may be a secret in it is not repeated."""
    try:
        address = urlsplit(text.strip())
        port = address.port
    except ValueError as error:
        raise SettingError(f"{name} must be an address such as {schemes[0]}://127.0.0.1:8888, was none") from error
    if "@" in text or address.query or address.fragment:
        raise SettingError(f"{name} must hold no password and no parameters, did: give the token as `token`")
    if address.scheme not in schemes or not address.hostname or port == 0:
        raise SettingError(f"{name} must be an address such as {schemes[0]}://127.0.0.1:8888, was {text[:80]!r}")
    if address.path.strip("/"):
        raise SettingError(f"{name} must end after the port, was {text[:80]!r}")
    if address.scheme == schemes[0] and not _is_loopback(address.hostname):
        raise SettingError(
            f"{name} must be {schemes[1]}:// for another machine, was {text[:80]!r}: the token would travel in the"
            " open; use TLS, or `ssh -L`"
        )
    return address


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _joined(address: SplitResult) -> str:
    return f"{address.scheme}://{address.netloc}"


def _read_token(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        raise SettingError(
            f"there is no token in {path}: start the desk with `evoq up`, set EVOQ_HOME to its folder, or give url and"
            " token of another desk"
        ) from None
    except OSError as error:
        raise SettingError(f"{path} must be a file we may read: {error.strerror or error}") from error

"""What the HTTP API is told by its environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cluster.access import ListenAddress, listen_address, port_setting
from cluster.errors import SettingError
from storage import home as home_of

__all__ = ["ApiSettings"]


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Where the API listens, and where it sends people.

    Attributes
    ----------
    home : Path
        EVOQ_HOME.
    listen : ListenAddress
        EVOQ_BIND, with EVOQ_TLS_CERT and EVOQ_TLS_KEY where it is to be reached from elsewhere.
    port : int
        EVOQ_HTTP_PORT, 8888 by default.
    panel_url : str
        EVOQ_PANEL_URL, by default the panel's port of this machine.
    """

    home: Path
    listen: ListenAddress = field(default_factory=ListenAddress)
    port: int = 8888
    panel_url: str = "http://127.0.0.1:8501"

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "ApiSettings":
        """Read the settings.

        Parameters
        ----------
        environ : mapping of str to str
            The environment.

        Returns
        -------
        ApiSettings
            All checked.

        Raises
        ------
        SettingError
            If a value cannot be meant, or the API would be open to a network without TLS.
        """
        panel = environ.get("EVOQ_PANEL_URL", "").strip().rstrip("/")
        panel = panel or f"http://127.0.0.1:{port_setting('EVOQ_PANEL_PORT', 8501, environ)}"
        if not _is_address(panel):
            raise SettingError(f"EVOQ_PANEL_URL must be an http or https address, was {panel!r}: correct or unset it")
        return cls(home_of(environ), listen_address(environ), port_setting("EVOQ_HTTP_PORT", 8888, environ), panel)

    @property
    def url(self) -> str:
        """The address to call."""
        scheme = "http" if self.listen.certificate is None else "https"
        return f"{scheme}://{self.listen.url_host}:{self.port}"


def _is_address(text: str) -> bool:
    """Return whether this may stand in a Location header."""
    try:
        address = urlsplit(text)
    except ValueError:
        return False
    return address.scheme in ("http", "https") and bool(address.hostname) and not address.username and text.isascii()

"""What the panel is told by its environment."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from ui.destination import settings
from ui.errors import SettingError

__all__ = ["PanelSettings"]


@dataclass(frozen=True, slots=True)
class PanelSettings:
    """Where the panel listens, and which desk it shows.

    Attributes
    ----------
    host, port : str, int
        EVOQ_BIND and EVOQ_PANEL_PORT: 127.0.0.1 and 8501 by default.
    certificate, key : str or None
        EVOQ_TLS_CERT and EVOQ_TLS_KEY (PEM); None for no TLS.
    api_url : str or None
        EVOQ_API_URL; None for the desk of this machine.
    public_url : str or None
        EVOQ_PANEL_URL, where people find it behind a proxy; None if there is none.
    """

    host: str = "127.0.0.1"
    port: int = 8501
    certificate: str | None = None
    key: str | None = None
    api_url: str | None = None
    public_url: str | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str] | None = None) -> "PanelSettings":
        """Read the settings.

        Parameters
        ----------
        environ : mapping of str to str, optional
            By default the environment, and the .env of this folder.

        Returns
        -------
        PanelSettings
            Checked; whether a desk answers is not asked.

        Raises
        ------
        SettingError
            If a value cannot be meant, or the panel would be open to a network without TLS.
        """
        environ = settings() if environ is None else environ
        host = _text(environ, "EVOQ_BIND") or "127.0.0.1"
        certificate, key = _text(environ, "EVOQ_TLS_CERT"), _text(environ, "EVOQ_TLS_KEY")
        if (certificate is None) != (key is None):
            raise SettingError("EVOQ_TLS_CERT and EVOQ_TLS_KEY must be set together, one is missing: set or unset both")
        try:
            address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
        except ValueError:
            raise SettingError(f"EVOQ_BIND must be an IP address, was {host!r}") from None
        if not address.is_loopback and certificate is None:
            raise SettingError(
                f"EVOQ_BIND must be 127.0.0.1 without TLS, was {host}: a password would travel in the open; set"
                " EVOQ_TLS_CERT and EVOQ_TLS_KEY, or use `ssh -L`"
            )
        public = _text(environ, "EVOQ_PANEL_URL")
        if public is not None and not public.startswith(("http://", "https://")):
            raise SettingError(f"EVOQ_PANEL_URL must be an http or https address, was {public[:80]!r}")
        return cls(str(address), _port(environ), certificate, key, _text(environ, "EVOQ_API_URL"), public)

    @property
    def url(self) -> str:
        """The address to open in a browser."""
        scheme = "http" if self.certificate is None else "https"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"

    @property
    def by_tls(self) -> bool:
        """Whether browsers reach it by TLS: cookies then travel no other way."""
        return self.certificate is not None or (self.public_url or "").startswith("https://")


def _text(environ: Mapping[str, str], name: str) -> str | None:
    return environ.get(name, "").strip() or None


def _port(environ: Mapping[str, str]) -> int:
    text = _text(environ, "EVOQ_PANEL_PORT") or "8501"
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 1 <= int(text) < 2**16):
        raise SettingError(f'EVOQ_PANEL_PORT must be in [1, 65535], was "{text[:20]}"')
    return int(text)

"""Where our servers listen: this machine only, unless there is TLS to be reached from elsewhere."""

import ipaddress
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from cluster.errors import SettingError

__all__ = ["ListenAddress", "listen_address", "port_setting"]


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """An address to listen on, and the certificate to show there.

    Attributes
    ----------
    host : str
        An IP address of this machine.
    certificate : str or None
        File of the certificate chain (PEM); None for no TLS.
    key : str or None
        File of its private key (PEM).
    """

    host: str = "127.0.0.1"
    certificate: str | None = None
    key: str | None = None

    @property
    def url_host(self) -> str:
        """The host as it stands in a URL."""
        return f"[{self.host}]" if ":" in self.host else self.host

    def tls(self) -> ssl.SSLContext | None:
        """Return what a server needs for TLS.

        Returns
        -------
        SSLContext or None
            None without a certificate.

        Raises
        ------
        SettingError
            If the files are no certificate and its key.
        """
        if self.certificate is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise SettingError(
                f"EVOQ_TLS_CERT and EVOQ_TLS_KEY must be a certificate and its key in PEM, {self.certificate} and"
                f" {self.key} are not ({error}): correct or unset both"
            ) from error
        return context


def listen_address(environ: Mapping[str, str] | None = None) -> ListenAddress:
    """Return where to listen, as the environment says.

    Parameters
    ----------
    environ : mapping of str to str, optional
        Where `EVOQ_BIND`, `EVOQ_TLS_CERT` and `EVOQ_TLS_KEY` are looked up; by default `os.environ`.

    Returns
    -------
    ListenAddress
        127.0.0.1 without TLS if nothing is set.

    Raises
    ------
    SettingError
        If the address is none, is off this machine without TLS, or half of the TLS files is missing.
    """
    environ = os.environ if environ is None else environ
    named = environ.get("EVOQ_BIND", "").strip() or "127.0.0.1"
    certificate = environ.get("EVOQ_TLS_CERT", "").strip() or None
    key = environ.get("EVOQ_TLS_KEY", "").strip() or None
    if (certificate is None) != (key is None):
        raise SettingError("EVOQ_TLS_CERT and EVOQ_TLS_KEY must be set together, one is missing: set or unset both")
    try:
        address = ipaddress.ip_address("127.0.0.1" if named == "localhost" else named)
    except ValueError:
        raise SettingError(f'EVOQ_BIND must be localhost or an IP address of this machine, was "{named}"') from None
    if not address.is_loopback and certificate is None:
        raise SettingError(
            f"EVOQ_BIND must be a loopback address without TLS, was {named}: set EVOQ_TLS_CERT and EVOQ_TLS_KEY too,"
            " or unset EVOQ_BIND and use `ssh -L`"
        )
    return ListenAddress(str(address), certificate, key)


def port_setting(name: str, default: int, environ: Mapping[str, str] | None = None) -> int:
    """Return a port from the environment.

    Parameters
    ----------
    name : str
        The variable, such as `EVOQ_WS_PORT`.
    default : int
        The port if it is not set.
    environ : mapping of str to str, optional
        Where it is looked up; by default `os.environ`.

    Returns
    -------
    int
        A TCP port.

    Raises
    ------
    SettingError
        If it is none.
    """
    text = (os.environ if environ is None else environ).get(name, "").strip() or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 1 <= int(text) < 2**16):
        raise SettingError(f'{name} must be in [1, 65535], was "{text[:20]}"')
    return int(text)

"""By what address the dashboard is reached, and who may come in: from the options of `serve`."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import os
import secrets
import socket
import stat
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentide.errors import UsageError

if TYPE_CHECKING:
    import ssl

    from tokentide.web.gate import Doorway

LOOPBACK = "127.0.0.1"
VARIABLE = "TOKENTIDE_SERVE_TOKEN"
SHORTEST_TOKEN = 20
LONGEST_TOKEN_BYTES = 4_096
"""Of the file: what is longer is another file."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where the server listens, and what it asks of who comes."""

    host: str
    """A numeric address."""
    token: str
    """What one logs in with; empty where nobody is asked."""
    is_made: bool
    """Whether the token was made just now, and nobody knows it yet."""
    tls: ssl.SSLContext | None
    others: tuple[str, ...]
    """Names by which a proxy or other machines reach it."""

    @property
    def scheme(self) -> str:
        """Of its addresses: http, or https with TLS."""
        return "https" if self.tls else "http"

    @property
    def is_everywhere(self) -> bool:
        """Whether it listens on every address of the machine."""
        return ipaddress.ip_address(self.host).is_unspecified

    def doorway(self, port: int) -> Doorway:
        """What requests may call us."""
        from tokentide.web.gate import Doorway

        own = ["localhost", self.host]
        if self.is_everywhere:
            name = socket.gethostname()
            own += [LOOPBACK, "::1", name, f"{name.partition('.')[0]}.local"]
        return Doorway.of(port, own, self.scheme, proxied=self.others, any_address=self.is_everywhere)

    def address(self, port: int) -> str:
        """What to type into a browser."""
        name = socket.gethostname() if self.is_everywhere else self.host
        return f"{self.scheme}://{f'[{name}]' if ':' in name else name}:{port}/"


def entrance_of(options: argparse.Namespace, environ: MutableMapping[str, str]) -> Entrance:
    """The entrance that was asked for; the token is taken out of the environment, which other programs inherit.

    Raises UsageError.
    """
    host = LOOPBACK if options.host == "localhost" else options.host
    is_open = not ipaddress.ip_address(host).is_loopback
    tls = tls_option(options.tls_cert, options.tls_key)
    if is_open and tls is None and not options.plain_http:
        raise UsageError(
            f"on {host} others on the network can come, and could read along: "
            f"`tokentide serve --host {host} --tls-cert FILE --tls-key FILE` encrypts; "
            f"`tokentide serve --host {host} --plain-http` does not, and says so"
        )
    token = _given_token(options.token_file, environ)
    is_asked = bool(is_open or options.login or token or options.allow_host)
    made = secrets.token_urlsafe(32) if is_asked and not token else ""
    return Entrance(host, token or made, bool(made), tls, tuple(options.allow_host))


def bound_at(host: str, port: int, command: str = "serve") -> socket.socket:
    """A socket that listens there, for that command. Raises UsageError."""
    from tokentide.web.serving import bound

    try:
        return bound(host, port)
    except OSError as error:
        raise UsageError(_why_not(host, port, error, command)) from error


def _why_not(host: str, port: int, error: OSError, command: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is taken: another `tokentide {command}` may run there; "
            f"--port {port + 1 if port < 65535 else 0} takes another one, --port 0 any that is free"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port {port} may not be taken ({error.strerror}): --port takes one from 1024 on"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"this machine has no address {host}: --host 0.0.0.0 listens on all that it has"
    return f"{host}, port {port}: {error.strerror or error}"


def _given_token(path: str | None, environ: MutableMapping[str, str]) -> str:
    """The token of the file or of the environment; empty where none was given. Raises UsageError."""
    named = environ.pop(VARIABLE, "")
    if path is not None:
        return _checked(_read_token(path), f"--token-file {path}")
    return _checked(named, VARIABLE) if named else ""


def _checked(token: str, where: str) -> str:
    if len(token) < SHORTEST_TOKEN:
        raise UsageError(f"{where}: a token has {SHORTEST_TOKEN} characters or more; `openssl rand -hex 32` makes one")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(f"{where}: a token is one line of letters, digits and signs, without blanks")
    return token


def _read_token(path: str) -> str:
    """What stands in the file. Raises UsageError where it is no file, or others may read it."""
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(LONGEST_TOKEN_BYTES + 1)
    except OSError as error:
        raise UsageError(f"--token-file {path}: {error.strerror}") from error
    if os.name == "posix" and stat.S_ISREG(mode) and mode & 0o077:
        raise UsageError(f"--token-file {path}: others may read it; `chmod 600 {path}` makes it yours alone")
    if len(content) > LONGEST_TOKEN_BYTES:
        raise UsageError(f"--token-file {path}: that is too long for a token")
    return content.decode("utf-8", "replace").strip()


def tls_option(certificate: str | None, key: str | None) -> ssl.SSLContext | None:
    """Raises UsageError where only one of both is given, or they cannot be used."""
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise UsageError("--tls-cert and --tls-key go together: the certificate, and the key that it is of")
    import ssl

    from tokentide.serving.sockets import tls_of

    try:
        return tls_of(certificate, key)
    except ssl.SSLError as error:
        raise UsageError(
            f"--tls-cert {certificate}, --tls-key {key}: no certificate in PEM with its key, without a password "
            f"({error.reason or 'unreadable'})"
        ) from error
    except OSError as error:
        raise UsageError(f"--tls-cert {certificate}, --tls-key {key}: {error.strerror}") from error


def host_option(text: str) -> str:
    """An address to listen on."""
    if text == "localhost":
        return text
    try:
        return str(ipaddress.ip_address(text.removeprefix("[").removesuffix("]")))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no address of this machine such as 127.0.0.1, ::1 or 0.0.0.0; --allow-host takes names"
        ) from error


def name_option(text: str) -> str:
    """A name by which we are reached, with a port or without."""
    name, _, port = text.partition(":")
    is_name = all(part and part.replace("-", "").isalnum() for part in name.split(".")) and name.isascii()
    if not is_name or (":" in text and not port.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is no name of a host such as usage.example.org or box.local:8443")
    return text.lower()


def port_option(text: str) -> int:
    """A port to listen on."""
    if not (text.isascii() and text.isdecimal()) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 0 to 65535")
    return int(text)

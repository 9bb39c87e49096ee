"""Why a receiver does not start."""

from __future__ import annotations

import errno
import os

from tokentide.errors import TokentideError

_LAST_PRIVILEGED = 1023


class ReceiverError(TokentideError):
    """The receiver cannot begin; the message says what is in the way."""

    @classmethod
    def port(cls, way: str, host: str, port: int, error: OSError | None = None) -> ReceiverError:
        """Nothing can listen there."""
        number = error.errno if error else None
        if number == errno.EADDRINUSE:
            reason = "another program listens there already: end it, or choose another port"
        elif number == errno.EACCES:
            reason = f"ports up to {_LAST_PRIVILEGED} are the administrator's: choose a larger one"
        elif number == errno.EADDRNOTAVAIL:
            reason = "this machine has no such address"
        else:
            reason = (
                (error.strerror or str(error)) if error else "the port is taken, or this machine has no such address"
            )
        return cls(f"{way} cannot be received on {host} port {port}: {reason}")

    @classmethod
    def tls(cls, path: str, error: OSError) -> ReceiverError:
        """The certificate or its key cannot be used."""
        reason = error.strerror or str(error)
        return cls(f"TLS with {path}: {reason}; give a certificate and its key as PEM files")

    @classmethod
    def files(cls, folder: str, error: OSError) -> ReceiverError:
        """The folder refuses."""
        return cls(f"the receiver cannot use {os.path.dirname(folder)}: {error.strerror or error}")

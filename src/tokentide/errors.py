"""Every error that tokentide raises on purpose; each message says what happened, where, and what to do.

TokentideError
├── UsageError                 the command line or an argument is wrong
│   ├── TimeZoneUnknownError   no such IANA time zone here
│   └── SessionError           no transcript of that session, or several
├── SettingsError              the settings file cannot be used
├── PriceDataError             the price book or an override cannot be used
├── TransportError             another machine gave no whole answer
├── ServerError                a team server refused, or cannot be asked
└── LedgerError
    ├── LedgerTooNewError      written by a newer tokentide
    ├── LedgerDamagedError     not a readable database
    └── LedgerUnwritableError  the disk, the folder or a lock refuses to take it

An error that never leaves its source stands there: AdminApiError.
"""

from __future__ import annotations


class TokentideError(Exception):
    """Base of all expected errors: shown as one line on standard error, never as a traceback."""


class UsageError(TokentideError):
    """An argument does not make sense; the message names it and the values that would."""


class SettingsError(TokentideError):
    """The settings file names an unknown key, a wrong value, or is no TOML."""

    def __init__(self, path: str, key: str | None, reason: str) -> None:
        self.path, self.key, self.reason = path, key, reason
        where = f"{path}, key {key}" if key else path
        super().__init__(f"settings: {where}: {reason}")


class TimeZoneUnknownError(UsageError):
    """The name is not in the time-zone database of this machine."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"time zone {name!r} is not known here; give an IANA name such as Europe/Berlin, UTC, or local"
        )


class SessionError(UsageError):
    """The session asked for has no transcript here, or its beginning names several."""

    @classmethod
    def unknown(cls, wish: str) -> SessionError:
        """None begins so; without a wish there is none at all."""
        if not wish:
            return cls(
                "no transcripts were found: `tokentide doctor` tells where they are looked for, "
                "`tokentide demo context` shows this on sample data"
            )
        return cls(
            f"no transcript here is of a session {wish!r}; Claude Code deletes them after 30 days. "
            "`tokentide session` lists what the ledger still knows"
        )

    @classmethod
    def ambiguous(cls, wish: str, sessions: list[str]) -> SessionError:
        """Several begin so; the first of them are named."""
        named = ", ".join(sessions[:4]) + (", …" if len(sessions) > 4 else "")
        return cls(f"several sessions begin with {wish!r}: {named}")


class PriceDataError(TokentideError):
    """Prices could not be read, fetched or understood."""


class TransportError(TokentideError):
    """A server could not be reached, was too slow, answered elsewhere or too much."""

    def __init__(self, url: str, reason: str) -> None:
        self.reason = reason
        super().__init__(f"{url.partition('?')[0]}: {reason}")


class ServerError(TokentideError):
    """A team server could not be reached, refused, or answered what makes no sense."""

    def __init__(self, base: str, reason: str) -> None:
        self.reason = reason
        super().__init__(f"team server {base}: {reason}")


class LedgerError(TokentideError):
    """Base of what can be wrong with the ledger file."""


class LedgerTooNewError(LedgerError):
    """The ledger was written by a later version and would be harmed by this one."""

    def __init__(self, path: str, found: int, known: int) -> None:
        super().__init__(
            f"ledger {path} has format {found}, this tokentide knows up to {known}: update tokentide, "
            "or set TOKENTIDE_DATA_DIR to use another ledger"
        )


class LedgerDamagedError(LedgerError):
    """The file is no SQLite database any more, or its pages contradict each other."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"ledger {path} is damaged ({reason}): run `tokentide sync` to set it aside and rebuild it")


class LedgerUnwritableError(LedgerError):
    """The ledger cannot be written: no room, no right, or a lock that does not end."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"ledger {path} cannot be written ({reason})")


class StoreError(TokentideError):
    """The team store refuses, and trying again would not help."""


class StoreUnreachableError(StoreError):
    """The engine of the team store cannot be reached, or has no room for now; what waits for it is kept."""

"""Brings official limits into the ledger: the client's own copies, and, within the manners, what the account says."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tokentide.clock import DAY_US
from tokentide.model.limits import ACCOUNT, CLIENT_COPY, PROFILE, USAGE, Account, LimitReading, plan_of, poll_subject
from tokentide.settings import Settings
from tokentide.sources.claude_account.bodies import decoded, usage_readings
from tokentide.sources.claude_account.credentials import Login, find_logins, has_credentials
from tokentide.sources.claude_code.account import account_in
from tokentide.sources.claude_code.client_config import config_paths, members
from tokentide.sources.claude_code.paths import home_of
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.pace_maker import take_pace_maker
from tokentide.sync.roots import config_folders
from tokentide.transport import PAUSE_US, api_base

PROFILE_DAYS = 1
"""A profile changes rarely; it is asked for together with the limits, and no more often."""
KNOWN_CLIENT_VERSION = "2.1.197"
"""Named to the account where no transcript tells a newer one."""


def refresh_limits(ledger: Ledger, settings: Settings, environ: Mapping[str, str], *, now: int, poll: bool) -> None:
    """Put what is new into the ledger; with `poll`, ask each account whose turn it is.

    Every poll is booked before it is made, so that all processes together keep the manners; a ledger that is not kept
    cannot book, and nobody is asked. Raises LedgerDamagedError, LedgerUnwritableError, UsageError.
    """
    home, folders = home_of(environ), config_folders(settings, environ)
    for folder in folders:
        _take_client_copy(ledger, folder, home, now)
    take_pace_maker(ledger, environ, now=now)
    if poll and ledger.is_kept:
        turns = _turns(logins(settings, environ), home, now)
        for account, login in turns:
            _Asking(ledger, environ, account, login, now).refresh()
        _drop_faults(ledger, {account.key for account, _ in turns})


def _turns(found: Iterable[Login], home: str, now: int) -> list[tuple[Account, Login]]:
    """One login an account; of those of several folders the first that has not expired."""
    turns: dict[str, tuple[Account, Login]] = {}
    for login in found:
        account = account_in(login.folder, home)
        if account.key not in turns or turns[account.key][1].is_expired(now):
            turns[account.key] = account, login
    return list(turns.values())


def _drop_faults(ledger: Ledger, asked: Container[str]) -> None:
    """Say no more why an account was not asked that nobody is logged in to any more."""
    for account in ledger.limits.accounts():
        subject = poll_subject(USAGE, account.key)
        if account.key not in asked and ledger.limits.poll(subject).fault:
            ledger.limits.note_fault(subject, "")


def logins(settings: Settings, environ: Mapping[str, str]) -> list[Login]:
    """The logins that would be used; a look into files, the keychain and the environment."""
    return find_logins(environ, config_folders(settings, environ))


def plans_of_logins(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """The plans that credentials files name, by `Account.name`; the keychain is not asked."""
    home = home_of(environ)
    found = find_logins(environ, config_folders(settings, environ), platform="")
    plans = ((account_in(login.folder, home).name, plan_of(login.tier, login.subscription)) for login in found)
    return {name: plan for name, plan in plans if plan}


def has_login(settings: Settings, environ: Mapping[str, str]) -> bool:
    """True where a credentials file lies in any configuration folder, without a look into it."""
    return any(map(has_credentials, config_folders(settings, environ)))


def _take_client_copy(ledger: Ledger, folder: str, home: str, now: int) -> None:
    """Take what the client keeps of the account's last answer, unless that was taken before."""
    account = account_in(folder, home)
    for reading in _client_copy(folder, home, account, now):
        known = ledger.limits.readings(reading.at, account.key)
        if not any((old.source, old.window) == (CLIENT_COPY, reading.window) for old in known):
            ledger.limits.take([account], [reading])


def _client_copy(folder: str, home: str, account: Account, now: int) -> Iterator[LimitReading]:
    """The readings in `.claude.json`; another account's copy is left alone, and one that a wrong clock dated ahead."""
    for path in config_paths(folder, home):
        for copy in members(path, "cachedUsageUtilization"):
            fetched, body, owner = copy.get("fetchedAtMs"), copy.get("utilization"), copy.get("accountUuid")
            if not isinstance(fetched, (int, float)) or not isinstance(body, dict) or not 0 < fetched < 10**15:
                continue
            at = int(fetched * 1000)
            if at <= now and owner in (None, account.key.partition(":")[0]):
                yield from usage_readings(body, account=account.key, source=CLIENT_COPY, at=at)


@dataclass(frozen=True, slots=True)
class _Asking:
    """Asks one account, and keeps book of it."""

    ledger: Ledger
    environ: Mapping[str, str]
    account: Account
    login: Login
    now: int

    def refresh(self) -> None:
        """Ask for the limits, and for the profile where that is old."""
        if self.account not in self.ledger.limits.accounts():
            self.ledger.limits.take([self.account], [])
        if self.login.is_expired(self.now):
            self._note("the login has expired: run `claude` once, it renews its token")
            return
        body = self._ask(USAGE)
        if body:
            readings = usage_readings(decoded(body), account=self.account.key, source=ACCOUNT, at=self.now)
            self.ledger.limits.take([self.account], readings)
            profile = self.ledger.limits.poll(poll_subject(PROFILE, self.account.key))
            if self.now - profile.good_at >= PROFILE_DAYS * DAY_US:
                self._ask(PROFILE)

    def _ask(self, what: str) -> str:
        """The answer's body; empty where it is not our turn, or nothing came."""
        from tokentide.sources.claude_account.client import AccountClient

        store, subject = self.ledger.limits, poll_subject(what, self.account.key)
        client = AccountClient(api_base(self.environ), self.ledger.client_version() or KNOWN_CLIENT_VERSION)
        if not store.claim_poll(subject, self.now, self.now + PAUSE_US):
            return ""
        before = store.poll(subject)
        outcome = client.ask(what, self.login.token, failures=before.failures, now=self.now)
        renewed = self._renewed() if outcome.is_login_refused else None
        if renewed is not None:
            outcome = client.ask(what, renewed.token, failures=before.failures, now=self.now)
        after = before._replace(next_at=self.now + outcome.pause_us, fault=outcome.fault)
        if outcome.body:
            store.finish_poll(after._replace(failures=0, good_at=self.now, answer=outcome.body))
        else:
            store.finish_poll(after._replace(failures=before.failures + 1))
        return outcome.body

    def _note(self, fault: str) -> None:
        """Say why the account was not asked."""
        store, subject = self.ledger.limits, poll_subject(USAGE, self.account.key)
        if store.poll(subject).fault != fault:
            store.note_fault(subject, fault)

    def _renewed(self) -> Login | None:
        """The folder's login, where the client has renewed it meanwhile."""
        found = find_logins(self.environ, [self.login.folder])
        others = (each for each in found if each.token.fingerprint != self.login.token.fingerprint)
        return next(others, None)

"""Raises alerts, each once over all processes, and sends them.

`check` looks and claims what is new in the ledger; whoever wins the claim is the one to call `deliver`, or to show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tokentide.alerts.delivery.faults import Fault
from tokentide.alerts.finding import Finding
from tokentide.alerts.health_rules import find_in_health
from tokentide.alerts.quiet import Silence
from tokentide.alerts.rule_file import load_rules
from tokentide.alerts.situation import Situation, look_around
from tokentide.alerts.usage_rules import find_in_usage
from tokentide.alerts.window_rules import find_in_windows
from tokentide.analytics.calendar import Calendar
from tokentide.clock import DAY_US, MINUTE_US
from tokentide.model.alerts import DUE, HELD, SENT, SENT_KINDS, SEVERITIES, Alert, AlertRules, Channel, Claim
from tokentide.settings import Settings
from tokentide.store.sqlite.ledger import Ledger

__all__ = ["Alert", "AlertRules", "check", "deliver", "load_rules"]

MEMORY_US = 100 * DAY_US
"""How far back the ledger is asked what was raised; nothing has a longer turn."""
NOTED_EVERY_US = 15 * MINUTE_US
LOOK = "alerts"
"""What the ledger calls a look among the polls."""
_Raised = tuple[Claim, Alert]


def check(
    ledger: Ledger,
    settings: Settings,
    calendar: Calendar,
    rules: AlertRules,
    *,
    now: int,
    plans: Mapping[str, str] | None = None,
) -> tuple[Alert, ...]:
    """The alerts to be told now, the gravest first: each is given to one caller, of all processes, and once.

    What falls into quiet hours or a snooze is kept in the ledger, and given later if it is still so. `now` is µs UTC,
    `plans` are those that logins name, by `Account.name`.
    Raises LedgerDamagedError, LedgerUnwritableError.
    """
    found = judge(look_around(ledger, settings, calendar, rules, now=now, plans=plans))
    note_look(ledger, now)
    return found


def note_look(ledger: Ledger, now: int) -> None:
    """Note that somebody has looked; so seldom that looking is nearly free."""
    last = ledger.limits.poll(LOOK)
    if not 0 <= now - last.good_at < NOTED_EVERY_US:
        ledger.limits.finish_poll(last._replace(good_at=now))


def looked_at(ledger: Ledger) -> int:
    """When somebody last looked, µs UTC; 0 if nobody ever did."""
    return ledger.limits.poll(LOOK).good_at


def judge(situation: Situation) -> tuple[Alert, ...]:
    """The same for one look at everything."""
    findings = [*find_in_windows(situation), *find_in_usage(situation), *find_in_health(situation)]
    snoozes = situation.ledger.alerts.snoozes(situation.now)
    silence = Silence(situation.rules.quiet, snoozes, situation.calendar, situation.now)
    return tuple(sorted(_settle(situation, findings, silence), key=_gravest_first))


def _settle(situation: Situation, findings: Sequence[Finding], silence: Silence) -> list[Alert]:
    """Compare what is so with what was raised, and write down the difference."""
    store, now = situation.ledger.alerts, situation.now
    raised = store.raised(now - MEMORY_US)
    by_subject: dict[str, list[_Raised]] = {}
    for each in raised:
        by_subject.setdefault(each[0].subject, []).append(each)
    holding: dict[str, Finding] = {}
    fresh: list[_Raised] = []
    for finding in findings:
        known = _known(finding, by_subject.get(finding.claim.subject, []))
        if known:
            holding.update((alert.key, finding) for claim, alert in known if claim.level == finding.claim.level)
        elif finding.fires:
            fresh.append((finding.claim, _alert(finding, now, silence)))
    _note_changes(situation, [alert for _, alert in raised], holding)
    held = [(alert, holding[alert.key]) for _, alert in raised if alert.state == HELD and alert.key in holding]
    freed = [
        _alert(finding, now, silence, key=alert.key)
        for alert, finding in held
        if not silence.holds(alert.rule, finding.severity) and (finding.fires or not alert.cleared_at)
    ]
    won = store.claim(fresh, now) if fresh else []
    return [alert for alert in won if alert.state == DUE] + (store.release(freed, now) if freed else [])


def _known(finding: Finding, raised: Sequence[_Raised]) -> list[_Raised]:
    """What was raised of the same turn, on the same level or a higher one."""
    higher = [each for each in raised if each[0].level >= finding.claim.level]
    known = [each for each in higher if finding.claim.is_same_turn(each[0])]
    if known or not higher:
        return known
    former = [finding.claim._replace(instance=instance) for instance in finding.former()]
    return [each for each in higher if any(claim.is_same_turn(each[0]) for claim in former)]


def _note_changes(situation: Situation, raised: Iterable[Alert], holding: Mapping[str, Finding]) -> None:
    """Note what has ended since the last look, and what has come back."""
    cleared = [alert.key for alert in raised if not alert.cleared_at and alert.key not in holding]
    returned = [alert.key for alert in raised if alert.cleared_at and alert.key in holding and holding[alert.key].fires]
    if cleared or returned:
        situation.ledger.alerts.settle(cleared, returned, situation.now)


def _alert(finding: Finding, now: int, silence: Silence, *, key: str = "") -> Alert:
    state = HELD if silence.holds(finding.rule, finding.severity) else DUE
    return Alert(
        key or finding.claim.key,
        finding.rule,
        finding.account,
        finding.window,
        now,
        finding.severity,
        finding.words.title,
        finding.words.body,
        finding.facts,
        state=state,
    )


def deliver(
    alerts: Iterable[Alert],
    rules: AlertRules,
    ledger: Ledger,
    environ: Mapping[str, str],
    calendar: Calendar,
    *,
    now: int,
) -> tuple[Alert, ...]:
    """Send alerts that `check` gave to the caller, with those that nobody has been told of for ten minutes.

    What goes over one channel together is one message. All channels are served at once, each within its own time; a
    failure is noted in the ledger and in the answer, and stops nothing. It may take a minute and a half. What no
    channel took because the network was not there is tried again later, by whoever delivers then.
    Raises LedgerDamagedError, LedgerUnwritableError.
    """
    given = [alert for alert in alerts if alert.state == DUE]
    keys = {alert.key for alert in given}
    given += [alert for alert in _late(rules, ledger, calendar, now) if alert.key not in keys]
    if not given:
        return ()
    given.sort(key=_gravest_first)
    outcomes = send(given, rules.channels, environ)
    told = tuple(_told(alert, outcomes[alert.key]) for alert in given)
    ledger.alerts.note_sent(told)
    return told


def _told(alert: Alert, outcome: Mapping[str, Fault]) -> Alert:
    """The alert with what came of it; still due where no channel took it, and one of them may in some minutes."""
    faults = {channel: fault.reason for channel, fault in outcome.items()}
    may_pass = all(faults.values()) and any(fault.is_passing for fault in outcome.values())
    return replace(alert, state=DUE if may_pass else SENT, deliveries=faults)


def _late(rules: AlertRules, ledger: Ledger, calendar: Calendar, now: int) -> list[Alert]:
    """What somebody should have been told of some time ago; where it is quiet now, it is kept until it is not."""
    found = ledger.alerts.take_orphans(now)
    silence = Silence(rules.quiet, ledger.alerts.snoozes(now), calendar, now) if found else None
    held = [alert for alert in found if silence and silence.holds(alert.rule, alert.severity)]
    if held:
        ledger.alerts.hold(alert.key for alert in held)
    return [alert for alert in found if alert not in held]


def send(
    alerts: Sequence[Alert], channels: Iterable[Channel], environ: Mapping[str, str], *, is_patient: bool = True
) -> dict[str, dict[str, Fault]]:
    """Send without noting it: by alert and channel what came of it. With `is_patient` failures are tried again."""
    from tokentide.alerts.delivery.dispatch import Parcel, dispatch

    parcels = [
        Parcel(channel, tuple(taken), is_patient)
        for channel in channels
        if channel.kind in SENT_KINDS and (taken := [alert for alert in alerts if channel.takes(alert)])
    ]
    outcomes: dict[str, dict[str, Fault]] = {alert.key: {} for alert in alerts}
    for parcel, fault in dispatch(parcels, environ):
        for alert in parcel.alerts:
            outcomes[alert.key][parcel.channel.name] = fault
    return outcomes


def _gravest_first(alert: Alert) -> tuple[int, str]:
    return -SEVERITIES.index(alert.severity), alert.key

"""Messages that really arrive: at a notification service, a web server, a mail server, a program."""

from __future__ import annotations

import email
import email.policy
import io
import json
import logging
import os
import socket
import stat
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.receivers import DESKTOP_PROGRAMS, Desktop, MailReceiver, WebReceiver, desktop, mail_receiver, web_receiver
from tokentide.alerts.delivery.address import shown_url
from tokentide.alerts.delivery.apprise_channel import service_for
from tokentide.alerts.delivery.dispatch import PAUSES_SECONDS, SLACK_SECONDS, Parcel, dispatch
from tokentide.alerts.delivery.faults import DeliveryError, Fault
from tokentide.alerts.delivery.message import MOST_BODY, MOST_TITLE, message_of
from tokentide.alerts.engine import send
from tokentide.model.alerts import CRITICAL, INFO, WARNING, Alert, Channel, Facts
from tokentide.transport import Secret

SECRET = "hush-4711-THIS-MUST-NOT-APPEAR"
FACTS: Facts = {
    "percent": 82.0,
    "resets_at": 1_773_324_000_000_000,
    "cost_nano_usd": 1_230_000_001,
    "window": "five_hour",
}


def alert(
    number: int = 1, severity: str = WARNING, title: str = "5 hours: 82 % used", body: str = "It resets 14:00."
) -> Alert:
    return Alert(
        f"percent|a|five_hour|{number}|80",
        "percent",
        "a",
        "five_hour",
        1_773_316_800_000_000,
        severity,
        title,
        body,
        FACTS,
    )


def outcome(channel: Channel, alerts: Sequence[Alert] = (), environ: Mapping[str, str] | None = None) -> str:
    """Why a channel failed; empty where it did not."""
    told = list(alerts) or [alert()]
    outcomes = send(told, [channel], {**os.environ, **(environ or {})})
    assert len({json.dumps(each) for each in outcomes.values()}) == 1
    return outcomes[told[0].key][channel.name].reason


def faults(
    alerts: Sequence[Alert], channels: Sequence[Channel], environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Why each channel failed to tell of one alert; empty where it did not."""
    (outcome,) = send(alerts, channels, dict(environ)).values()
    return {channel: fault.reason for channel, fault in outcome.items()}


def apprise(url: str, *, timeout_seconds: float = 5.0) -> Channel:
    return Channel("apprise", "net", url=Secret(url), timeout_seconds=timeout_seconds)


def command(*words: str, timeout_seconds: float = 10.0) -> Channel:
    return Channel("command", "own", command=words, timeout_seconds=timeout_seconds)


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with web_receiver() as receiver:
        yield receiver


@pytest.fixture
def mail() -> Iterator[MailReceiver]:
    with mail_receiver() as receiver:
        yield receiver


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between attempts."""
    monkeypatch.setattr("tokentide.alerts.delivery.dispatch.PAUSES_SECONDS", (0.0, 0.0))


# Messages


def test_several_alerts_are_one_message_named_by_the_first_three() -> None:
    told = [alert(number, title=f"Window {number}: full") for number in range(5)]
    message = message_of(told)
    assert message.title == "5 alerts: Window 0: full; Window 1: full; Window 2: full; 2 more"
    assert message.body.split("\n")[4] == "Window 4: full. It resets 14:00."
    data = json.loads(message.data)
    assert [each["title"] for each in data["alerts"]] == [each.title for each in told]


def test_a_message_is_as_grave_as_the_gravest_and_clean() -> None:
    message = message_of([alert(1, INFO, "a\x1b[2J\nb", "c\x07d"), alert(2, CRITICAL)])
    assert message.severity == CRITICAL
    assert not set("\x1b\x07") & set(message.title + message.body)
    assert "\n" not in message.title


def test_a_long_message_is_cut() -> None:
    message = message_of([alert(title="t" * 9_000, body="b" * 90_000)])
    assert (len(message.title), len(message.body)) == (MOST_TITLE, MOST_BODY)
    assert message.title.endswith("…")


# Over the network


def test_a_web_hook_receives_it(web: WebReceiver) -> None:
    assert outcome(apprise(f"json://{web.url}/hooks/{SECRET}")) == ""
    ((path, headers, body),) = web.asked
    assert path == f"/hooks/{SECRET}"
    assert headers["content-type"].startswith("application/json")
    said = json.loads(body)
    assert (said["title"], said["message"], said["type"]) == ("5 hours: 82 % used", "It resets 14:00.", "warning")


def test_ntfy_receives_it(web: WebReceiver) -> None:
    assert outcome(apprise(f"ntfy://{web.url}/tide")) == ""
    ((path, _, body),) = web.asked
    said = json.loads(body)
    assert (path, said["topic"], said["title"], said["message"]) == (
        "/",
        "tide",
        "5 hours: 82 % used",
        "It resets 14:00.",
    )


def test_a_mail_server_receives_it(mail: MailReceiver) -> None:
    url = f"mailto://ada:{SECRET}@127.0.0.1:{mail.port}?smtp=127.0.0.1&mode=insecure&from=tide@example.com&to=ada@example.com"
    assert outcome(apprise(url.replace(f"ada:{SECRET}@", ""))) == ""
    ((sender, recipients, text),) = mail.mails
    assert (sender, recipients) == ("tide@example.com", ["ada@example.com"])
    found = email.message_from_string(text, policy=email.policy.default)
    assert found["subject"] == "5 hours: 82 % used"
    part = found.get_body(("plain", "html"))
    assert part is not None
    assert "It resets 14:00." in part.get_content()


def test_what_fails_in_passing_is_tried_again(web: WebReceiver) -> None:
    web.status = [500, 503, 200]
    assert outcome(apprise(f"json://{web.url}/")) == ""
    assert len(web.asked) == 3


def test_after_three_attempts_it_is_noted(web: WebReceiver) -> None:
    web.status = [500]
    assert outcome(apprise(f"json://{web.url}/")) == "it was answered with status 500"
    assert len(web.asked) == 3


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_not_repeated(web: WebReceiver, status: int) -> None:
    web.status = [status]
    assert outcome(apprise(f"json://{web.url}/{SECRET}")) == f"it was answered with status {status}"
    assert len(web.asked) == 1


def test_pauses_grow() -> None:
    assert list(PAUSES_SECONDS) == sorted(PAUSES_SECONDS)
    assert Parcel(apprise("json://x"), (alert(),)).most_seconds == 3 * (5 + SLACK_SECONDS)


def test_nobody_there() -> None:
    assert (
        outcome(apprise(f"json://ada:{SECRET}@127.0.0.1:1/")) == "no connection, no answer in time, or it was refused"
    )


def test_a_server_that_does_not_answer_is_left(web: WebReceiver) -> None:
    web.wait_seconds = 3
    begun = time.monotonic()
    assert (
        outcome(apprise(f"json://{web.url}/", timeout_seconds=0.3))
        == "no connection, no answer in time, or it was refused"
    )
    assert time.monotonic() - begun < 30


def test_one_channel_that_fails_or_hangs_does_not_stop_the_others(web: WebReceiver, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    channels = [
        Channel("apprise", "gone", url=Secret("json://127.0.0.1:1/")),
        Channel("command", "slow", command=(sys.executable, "-c", "import time; time.sleep(30)"), timeout_seconds=1),
        Channel("apprise", "hook", url=Secret(f"json://{web.url}/")),
        Channel("command", "own", command=(sys.executable, "-c", f"open({str(seen)!r}, 'w').write('x')")),
        Channel("apprise", "unset", origin="$SLACK_URL"),
    ]
    begun = time.monotonic()
    outcomes = faults([alert()], channels)
    assert time.monotonic() - begun < 25
    assert outcomes == {
        "gone": "no connection, no answer in time, or it was refused",
        "slow": "it did not end within 1 s and was stopped",
        "hook": "",
        "own": "",
        "unset": "$SLACK_URL is not set",
    }
    assert seen.exists()
    assert len(web.asked) == 1


def test_refusals_of_channels_that_are_served_at_once_do_not_mix(web: WebReceiver) -> None:
    web.status = [404]
    with web_receiver() as other:
        other.status = [401]
        channels = [Channel("apprise", f"{n}", url=Secret(f"json://{(web, other)[n % 2].url}/")) for n in range(8)]
        outcomes = faults([alert()], channels)
    assert outcomes == {f"{n}": f"it was answered with status {(404, 401)[n % 2]}" for n in range(8)}


def test_what_a_channel_does_not_take_is_not_sent_there(web: WebReceiver) -> None:
    channel = Channel("apprise", "net", url=Secret(f"json://{web.url}/"), rules=("cost",))
    grave = Channel("apprise", "grave", url=Secret(f"json://{web.url}/"), least_severity=CRITICAL)
    assert send([alert()], [channel, grave], dict(os.environ)) == {alert().key: {}}
    assert web.asked == []


def test_a_channel_that_never_comes_back_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokentide.alerts.delivery.dispatch.SLACK_SECONDS", -9.8)
    parcel = Parcel(command(sys.executable, "-c", "import time; time.sleep(3)"), (alert(),))
    assert list(dispatch([parcel], dict(os.environ))) == [(parcel, Fault("no answer within 0 s"))]


def test_a_process_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch, web: WebReceiver) -> None:
    monkeypatch.setattr("tokentide.alerts.delivery.courier.START_SECONDS", 0.0)
    assert outcome(apprise(f"json://{web.url}/", timeout_seconds=0.01)) == "no answer within 0.01 s"
    assert web.asked == []


# Addresses


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"json://ada:{SECRET}@127.0.0.1:81/{SECRET}?key={SECRET}", "json://127.0.0.1"),
        (f"mailtos://ada:{SECRET}@mail.example.com?to={SECRET}", "mailtos://mail.example.com"),
        (f"ntfy://{SECRET}", "ntfy://…"),
        (f"ntfy://ntfy.sh/{SECRET}", "ntfy://ntfy.sh"),
        (f"slack://{SECRET}/B/C", "slack://…"),
        (f"discord://{SECRET}/{SECRET}", "discord://…"),
        (f"tgram://{SECRET}/1", "tgram://…"),
        (f"HTTPS://hooks.example.com/{SECRET}", "https://hooks.example.com"),
        (SECRET, "…"),
        (f"{SECRET}://x", "…"),
        (f"json://[{SECRET}", "json://…"),
        ("", "…"),
    ],
)
def test_of_an_address_only_scheme_and_host_are_shown(url: str, shown: str) -> None:
    assert shown_url(url) == shown
    assert SECRET not in shown_url(url)


@pytest.mark.parametrize("url", [f"bogus://{SECRET}", f"https://example.com/{SECRET}", SECRET, f"slack://{SECRET}"])
def test_an_address_that_nobody_understands_is_told_without_it(url: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        service_for(Secret(url))
    assert SECRET not in str(caught.value)
    assert caught.value.is_lasting


def test_no_log_of_anybody_hears_an_address(web: WebReceiver, capfd: pytest.CaptureFixture[str]) -> None:
    heard = io.StringIO()
    handler, root = logging.StreamHandler(heard), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    web.status = [500]
    try:
        faults = [
            outcome(apprise(f"json://ada:{SECRET}@{web.url}/{SECRET}")),
            outcome(apprise(f"ntfy://{SECRET}@127.0.0.1:1/{SECRET}")),
            outcome(apprise(f"slack://{SECRET}")),
        ]
        service_for(Secret(f"json://ada:{SECRET}@{web.url}/{SECRET}"))
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert all(faults)
    out, err = capfd.readouterr()
    assert SECRET not in "".join([*faults, out, err, heard.getvalue()])
    assert web.asked


# Commands


def test_a_command_gets_json_on_its_standard_input(tmp_path: Path) -> None:
    script = tmp_path / "notify.py"
    script.write_text(
        "#!" + sys.executable + "\nimport json, os, sys\n"
        f"json.dump([sys.argv[1:], json.load(sys.stdin), os.getcwd()], open({str(tmp_path / 'got.json')!r}, 'w'))\n"
        "print('noise'); print('more noise', file=sys.stderr)\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    assert (
        outcome(command("~/notify.py", "--loud", "; touch pwned $(touch pwned)"), environ={"HOME": str(tmp_path)}) == ""
    )
    words, said, folder = json.loads((tmp_path / "got.json").read_text())
    assert words == ["--loud", "; touch pwned $(touch pwned)"]
    assert Path(folder) == tmp_path
    assert (said["format"], said["title"]) == (1, "5 hours: 82 % used")
    (told,) = said["alerts"]
    assert told["facts"] == {
        "percent": 82.0,
        "resets_at": "2026-03-12T14:00:00.000Z",
        "cost_usd": 1.230000001,
        "window": "five_hour",
    }
    assert (told["severity"], told["rule"], told["at"]) == ("warning", "percent", "2026-03-12T12:00:00.000Z")
    assert not list(tmp_path.glob("pwned*"))


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("/nowhere/at-all",), "it could not be run: No such file or directory"),
        ((os.path.dirname(__file__),), "it could not be run: Permission denied"),
        ((sys.executable, "-c", "import sys; sys.exit(3)"), "it ended with exit code 3"),
        ((sys.executable, "-c", "import os; os.kill(os.getpid(), 15)"), "it was ended by SIGTERM"),
        (("a\0b",), "it could not be run: it is no command"),
        ((sys.executable, "-c", "import os; os.kill(os.getpid(), 40)"), "it was ended by signal 40"),
        ((), "it failed inside (ValueError)"),
    ],
)
def test_a_command_that_fails_is_noted(words: tuple[str, ...], fault: str) -> None:
    assert outcome(command(*words)) == fault


def test_a_command_that_reads_nothing_is_no_failure() -> None:
    told = [alert(number, body="b" * 1_000) for number in range(300)]
    assert outcome(command(sys.executable, "-c", "pass"), told) == ""


def test_a_command_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    child = f"import time; time.sleep(2); open({str(mark)!r}, 'w')"
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        "time.sleep(60)"
    )
    assert (
        outcome(command(sys.executable, "-c", code, timeout_seconds=0.8))
        == "it did not end within 0.8 s and was stopped"
    )
    time.sleep(2)
    assert not mark.exists()


# The desktop


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    try:
        with desktop(tmp_path_factory.mktemp("desktop")) as found:
            yield found
    except FileNotFoundError as missing:
        pytest.skip(f"{missing} is not installed; a notification needs {', '.join(DESKTOP_PROGRAMS)}")


def shown_by(
    screen: Desktop, channel: Channel, told: Sequence[Alert], monkeypatch: pytest.MonkeyPatch
) -> list[dict[str, str]]:
    """What the service shows of it. The library asks the process's own environment for the bus."""
    for name, value in screen.environ.items():
        if name != "PATH":
            monkeypatch.setenv(name, value)
    assert outcome(channel, told, screen.environ) == ""
    return screen.shown()


def test_a_notification_service_receives_it(screen: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [alert(1, CRITICAL, "5 hours: 97 % used", "Caf\N{LATIN SMALL LETTER E WITH ACUTE} <b>bold</b> & more")]
    newest = shown_by(screen, Channel("desktop", "desktop"), told, monkeypatch)[0]
    assert newest["summary"] == "5 hours: 97 % used"
    assert newest["body"] == "Café ‹b›bold‹/b› + more"
    assert newest["appname"] == "tokentide"
    assert screen.was_urgent("CRITICAL")


def test_without_the_library_the_systems_program_shows_it(screen: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "desktop_notifier", None)
    monkeypatch.setattr("tokentide.alerts.delivery.desktop._has_library", lambda: False)
    told = [alert(1, INFO, "--help is no option here", "b")]
    newest = shown_by(screen, Channel("desktop", "desktop"), told, monkeypatch)[0]
    assert (newest["summary"], newest["appname"]) == ("--help is no option here", "tokentide")
    assert screen.was_urgent("LOW")


def test_without_a_desktop_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    outcomes = faults([alert()], [Channel("desktop", "desktop")], {"PATH": os.environ["PATH"]})
    assert outcomes == {"desktop": "there is no desktop session here"}


@pytest.mark.parametrize("has_program", [True, False])
def test_a_bus_that_says_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_program: bool) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "bus"))
        silent.listen()
        environ = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/bus", "XDG_RUNTIME_DIR": str(tmp_path)}
        if not has_program:
            environ["PATH"] = str(tmp_path)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        fault = outcome(Channel("desktop", "desktop", timeout_seconds=0.5), environ=environ)
    assert fault == "the desktop did not answer within 0.5 s"


def test_a_bus_where_nobody_answers_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = {
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/none",
        "XDG_RUNTIME_DIR": str(tmp_path),
        "DISPLAY": "",
    }
    for name, value in nowhere.items():
        monkeypatch.setenv(name, value)
    fault = outcome(Channel("desktop", "desktop", timeout_seconds=3), environ=nowhere)
    assert fault.startswith(("notify-send ended with exit code 1", "the desktop did not take it"))

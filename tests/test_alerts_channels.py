"""Where channels lead, what is missing for them, and the process that sends for them, seen from within."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.errors
import pytest
from keyring.backend import KeyringBackend
from keyrings.alt.file import PlaintextKeyring  # type: ignore[import-untyped]

from tests.conftest import Machine
from tests.receivers import WebReceiver, web_receiver
from tokentide.alerts.delivery import courier, desktop
from tokentide.alerts.delivery.address import address_of, shown_address
from tokentide.alerts.delivery.apprise_channel import INSTALL, post, service_for
from tokentide.alerts.delivery.faults import DeliveryError
from tokentide.alerts.delivery.message import Message
from tokentide.errors import UsageError
from tokentide.model.alerts import CRITICAL, INFO, Channel
from tokentide.transport import Secret

MESSAGE = Message("5 hours: 82 % used", "It resets 14:00.", CRITICAL, "{}")
RING = Channel("apprise", "phone", origin="keyring phone")


class Locked(PlaintextKeyring):  # type: ignore[misc]
    """A keyring that its owner does not open."""

    def get_password(self, _service: str, _username: str) -> str | None:
        """Refuse."""
        raise keyring.errors.KeyringLocked("locked")


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[KeyringBackend]:
    before = keyring.get_keyring()
    backend = PlaintextKeyring()
    backend.file_path = str(tmp_path / "ring.cfg")
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with web_receiver() as receiver:
        yield receiver


def fault_of(channel: Channel) -> str:
    with pytest.raises(DeliveryError) as caught:
        address_of(channel)
    assert caught.value.is_lasting
    return str(caught.value)


def test_an_address_in_the_keyring(ring: KeyringBackend) -> None:
    assert fault_of(RING) == "the keyring holds no phone (service tokentide)"
    ring.set_password("tokentide", "phone", "json://127.0.0.1/x")
    assert address_of(RING).reveal() == "json://127.0.0.1/x"
    assert shown_address(RING) == "(from keyring phone)"


def test_a_keyring_that_is_locked_or_not_installed(ring: KeyringBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ring
    keyring.set_keyring(Locked())
    assert fault_of(RING) == "the keyring could not be opened"
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert fault_of(RING) == "the package keyring is not installed"


@pytest.mark.parametrize(
    ("channel", "shown"),
    [
        (Channel("desktop", "d"), ""),
        (Channel("command", "c", command=("notify.sh", "--token", "x")), "notify.sh"),
        (Channel("apprise", "a", url=Secret("ntfy://ntfy.sh/topic")), "ntfy://ntfy.sh"),
        (Channel("apprise", "a", url=Secret("ntfy://ntfy.sh/topic"), origin="$NTFY"), "ntfy://ntfy.sh (from $NTFY)"),
        (Channel("apprise", "a", origin="$NTFY"), "(not set: $NTFY)"),
    ],
)
def test_what_is_shown_of_a_channel(channel: Channel, shown: str) -> None:
    assert shown_address(channel) == shown


def test_without_the_package_that_is_said(monkeypatch: pytest.MonkeyPatch, machine: Machine) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(DeliveryError) as caught:
        service_for(Secret("json://127.0.0.1"))
    assert str(caught.value) == INSTALL
    code, out, err = machine.call("alerts", "add", "channel", "json://127.0.0.1/x")
    assert code == 0
    assert out.startswith("added the channel json")
    assert "pip install 'tokentide[notify]'" in err


def test_the_process_that_sends(
    web: WebReceiver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for status, address in ((200, f"json://{web.url}/"), (404, f"json://{web.url}/"), (200, "bogus://x"), (200, 5)):
        web.status = [status]
        errand = {"address": address, "title": "t", "body": "b", "severity": INFO, "timeout_seconds": 5}
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(errand)))
        courier.main()
        told.append(json.loads(capsys.readouterr().out))
    assert told == [
        {"fault": "", "is_lasting": False},
        {"fault": "it was answered with status 404", "is_lasting": True},
        {"fault": "apprise does not understand this bogus://… address", "is_lasting": True},
        {"fault": "it failed inside (AttributeError)", "is_lasting": False},
    ]


def test_the_severity_is_the_kind_of_message(web: WebReceiver) -> None:
    post(MESSAGE, Secret(f"json://{web.url}/"), 5)
    assert json.loads(web.asked[0][2])["type"] == "failure"


@pytest.mark.parametrize(
    ("script", "fault"), [("print('noise')", "it broke off inside"), ("print('{}')", "it broke off inside")]
)
def test_a_process_that_breaks_off(monkeypatch: pytest.MonkeyPatch, script: str, fault: str) -> None:
    monkeypatch.setattr(courier, "_COMMAND", (sys.executable, "-c", script))
    with pytest.raises(DeliveryError, match=fault):
        courier.send(MESSAGE, Channel("apprise", "a", url=Secret("json://127.0.0.1")), dict(os.environ))


def test_a_process_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "_COMMAND", ("/nowhere/python",))
    with pytest.raises(DeliveryError, match="no process could be started to send it: No such file"):
        courier.send(MESSAGE, Channel("apprise", "a", url=Secret("json://127.0.0.1")), dict(os.environ))


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_where_nothing_shows_notifications(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str) -> None:
    monkeypatch.setattr(desktop, "_has_library", lambda: False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        DeliveryError, match=r"nothing here shows notifications: install it with `pip install 'tokentide\[notify\]'`"
    ):
        desktop.show(MESSAGE, Channel("desktop", "d"), {"XDG_RUNTIME_DIR": str(tmp_path), "PATH": str(tmp_path)})


def test_on_a_mac_a_script_gets_the_text_as_arguments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "osascript"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/got\n')
    program.chmod(0o700)
    monkeypatch.setattr(desktop, "_has_library", lambda: False)
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    nasty = Message('a" & (do shell script "x") & "', "b", INFO, "")
    desktop.show(nasty, Channel("desktop", "d"), {"PATH": os.environ["PATH"]})
    assert (tmp_path / "got").read_text().split("\n")[-3:] == [nasty.title, "b", ""]


@pytest.mark.parametrize(
    ("interpreter", "script", "fault"),
    [
        ("/bin/sh", "exit 3", "ended with exit code 3"),
        ("/bin/sh", "exec /bin/sleep 5", "did not answer within 0.2 s"),
        ("/nowhere/sh", "", "notify-send could not be run: No such file"),
    ],
)
def test_a_program_of_the_system_that_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, interpreter: str, script: str, fault: str
) -> None:
    program = tmp_path / "notify-send"
    program.write_text(f"#!{interpreter}\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setattr(desktop, "_has_library", lambda: False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeliveryError, match=fault):
        desktop.show(
            MESSAGE, Channel("desktop", "d", timeout_seconds=0.2), {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
        )


@pytest.mark.parametrize("words", [["channel", "env:NOT_SET"], ["channel", "keyring:phone"]])
def test_an_address_that_is_kept_elsewhere_is_added_by_its_name(machine: Machine, words: list[str]) -> None:
    code, out, err = machine.call("alerts", "add", *words)
    assert (code, out) == (0, "added the channel apprise; `tokentide alerts test apprise` sends a sample\n")
    assert ("$NOT_SET is not set here now" in err) is (words[1] == "env:NOT_SET")
    assert machine.call("alerts", "add", *words)[1].startswith("there is a channel like that already")


def test_channels_of_one_scheme_are_numbered(machine: Machine) -> None:
    for path in ("a", "b", "c"):
        machine.call("alerts", "add", f"json://127.0.0.1/{path}")
    assert [line for line in machine.call("alerts")[1].split("\n") if "json://" in line] == [
        f"  {name:<15} json://127.0.0.1" for name in ("json", "json-2", "json-3")
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["add"], ["add", "percent"], ["add", "zzz"], ["add", "percent", "x"], ["add", "odds", "70"], ["add", "odds", "1", "2"],
        ["add", "cost", "20"], ["add", "cost", "daily", "1", "--window", "x"], ["add", "odds", "--least", "info"],
        ["add", "channel"], ["add", "command"], ["add", "bell", "x"], ["add", "bell", "--window", "x"], ["add", "bogus://x"],
        ["remove"], ["remove", "zzz"], ["quiet"], ["quiet", "x"], ["quiet", "1:00-2:00", "--off"], ["test", "zzz"],
        ["snooze"], ["snooze", "x"], ["snooze", "2h", "zzz"], ["history", "x"], ["history", "--last", "x"],
    ],
)  # fmt: skip
def test_a_command_line_that_makes_no_sense_is_a_usage_error(machine: Machine, words: list[str]) -> None:
    with pytest.raises(UsageError):
        machine.call("alerts", *words)
    assert not (machine.root / "config" / "alerts.toml").exists()

"""Sends over apprise in a process of its own.

The library takes 30 MB that a background runner would keep for ever, and a process, unlike a thread, can be ended when
its time is up. The address goes to it on standard input, never in its arguments or its environment.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

from tokentide.alerts.delivery.address import address_of
from tokentide.alerts.delivery.faults import DeliveryError
from tokentide.alerts.delivery.message import Message
from tokentide.model.alerts import Channel
from tokentide.transport import Secret

START_SECONDS = 15.0
"""For the process and the library to start, on a busy machine."""
_COMMAND = (sys.executable, "-P", "-m", "tokentide.alerts.delivery.courier")


def send(message: Message, channel: Channel, environ: Mapping[str, str]) -> None:
    """Send it once, within the channel's time. Raises DeliveryError."""
    errand = {
        "address": address_of(channel).reveal(),
        "title": message.title,
        "body": message.body,
        "severity": message.severity,
        "timeout_seconds": channel.timeout_seconds,
    }
    limit = channel.timeout_seconds + START_SECONDS
    try:
        done = subprocess.run(  # noqa: S603 - this program
            _COMMAND,
            input=json.dumps(errand),
            env=dict(environ),
            capture_output=True,
            encoding="utf-8",
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DeliveryError(f"no answer within {channel.timeout_seconds:g} s") from None
    except OSError as error:
        raise DeliveryError(f"no process could be started to send it: {error.strerror}") from None
    try:
        told = json.loads(done.stdout)
        fault, is_lasting = str(told["fault"]), bool(told["is_lasting"])
    except (ValueError, KeyError, TypeError):
        raise DeliveryError("it broke off inside") from None
    if fault:
        raise DeliveryError(fault, is_lasting=is_lasting)


def main() -> None:
    """The process: an errand on standard input, what came of it on standard output."""
    from tokentide.alerts.delivery.apprise_channel import post

    errand = json.load(sys.stdin)
    message = Message(errand["title"], errand["body"], errand["severity"], "")
    told = {"fault": "", "is_lasting": False}
    try:
        post(message, Secret(errand["address"]), float(errand["timeout_seconds"]))
    except DeliveryError as error:
        told = {"fault": str(error), "is_lasting": error.is_lasting}
    except Exception as error:  # noqa: BLE001 - a library's message may quote the address
        told = {"fault": f"it failed inside ({type(error).__name__})", "is_lasting": False}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()

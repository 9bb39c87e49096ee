"""Measures the background runner and the guard on one folder of transcripts, and prints a Markdown table.

    python bench/watch.py --corpus DIR [--seconds 120] [--runs 15]

DIR is a CLAUDE_CONFIG_DIR that is copied link by link, so that it stays as it is. Idle: nothing changes. Busy: a
response is written every two seconds. CPU is that of the runner and of what it started, as a share of one core.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path

from tokentide import clock
from tokentide.clock import HOUR_US, MINUTE_US
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY, STATUSLINE, LimitReading
from tokentide.sources.claude_code.account import account_in
from tokentide.store.sqlite.ledger import Ledger

_TICKS = os.sysconf("SC_CLK_TCK")
EVENT = json.dumps(
    {"session_id": "s1", "hook_event_name": "UserPromptSubmit", "prompt": "hello", "transcript_path": ""}
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        environ = _environ(home)
        _link(options.corpus / "projects", home / ".claude" / "projects")
        subprocess.run(_command("sync"), env=environ, check=True)
        _readings(home, environ)
        print("| runner | CPU, % of a core | memory, MB |\n| --- | --- | --- |")
        print(_row("idle", _measured(environ, options.seconds, lambda: None)))
        print(_row("busy", _measured(environ, options.seconds, _writer(home))))
        print("\n| call | ms |\n| --- | --- |")
        for name, words, said in (
            ("bare Python", (), ""),
            ("guard", ("guard",), ""),
            ("guard hook", ("guard", "hook"), EVENT),
        ):
            print(f"| {name} | {_median(words, said, environ, options.runs):.0f} |")


def _environ(home: Path) -> dict[str, str]:
    config = home / "config"
    config.mkdir()
    (config / "settings.toml").write_text("statusline_sync = false\n")
    (config / "alerts.toml").write_text('[[channel]]\nkind = "desktop"\nenabled = false\n')
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TZ": "UTC",
        "TOKENTIDE_DATA_DIR": str(home / "data"),
        "TOKENTIDE_CONFIG_DIR": str(config),
    }


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "tokentide", *words] if words else [sys.executable, "-c", ""]


def _link(source: Path, target: Path) -> None:
    """The same tree of hard links, or of copies where links cannot be made."""
    import shutil

    def link(one: str, other: str) -> None:
        try:
            os.link(one, other)
        except OSError:
            shutil.copy2(one, other)

    shutil.copytree(source, target, copy_function=link)


def _readings(home: Path, environ: Mapping[str, str]) -> None:
    """Windows that are open now, so that there is something to forecast."""
    account, now = account_in(str(home / ".claude"), str(home)), clock.now_us()
    readings = [
        LimitReading(account.key, name, STATUSLINE, now - minutes * MINUTE_US, percent, now + hours * HOUR_US)
        for name, hours in ((FIVE_HOUR, 3), (SEVEN_DAY, 80))
        for minutes, percent in ((60, 20.0), (30, 30.0), (1, 41.0))
    ]
    with Ledger.open(os.path.join(environ["TOKENTIDE_DATA_DIR"], "ledger.sqlite3")) as ledger:
        ledger.limits.take([account], readings)


def _writer(home: Path) -> Callable[[], None]:
    """Appends a response to a transcript of its own."""
    path = home / ".claude" / "projects" / "-bench" / "live.jsonl"
    path.parent.mkdir()
    count = [0]

    def write() -> None:
        count[0] += 1
        usage = {
            "input_tokens": 3,
            "output_tokens": 900,
            "cache_creation_input_tokens": 2_000,
            "cache_read_input_tokens": 60_000,
        }
        line = {
            "timestamp": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "sessionId": "bench",
            "type": "assistant",
            "requestId": f"req{count[0]}",
            "message": {"id": f"msg{count[0]}", "model": "claude-opus-4-8", "usage": usage, "stop_reason": "end_turn"},
        }
        with path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    return write


def _measured(environ: Mapping[str, str], seconds: float, act: Callable[[], None]) -> tuple[float, float]:
    """CPU share after a first round, and the largest memory, of a runner while something is done every two seconds."""
    with subprocess.Popen(_command("watch", "--quiet", "--offline"), env=environ) as process:
        time.sleep(10)
        begin, before, largest = time.monotonic(), _cpu_seconds(process.pid), 0.0
        while time.monotonic() - begin < seconds:
            act()
            time.sleep(2)
            largest = max(largest, _megabytes(process.pid))
        share = (_cpu_seconds(process.pid) - before) / (time.monotonic() - begin)
        process.terminate()
        process.wait()
        return 100 * share, largest


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def _megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def _median(words: tuple[str, ...], said: str, environ: Mapping[str, str], runs: int) -> float:
    taken = []
    for _ in range(runs):
        begin = time.perf_counter()
        subprocess.run(_command(*words), env=environ, input=said.encode(), stdout=subprocess.DEVNULL, check=False)
        taken.append(1000 * (time.perf_counter() - begin))
    return statistics.median(taken)


def _row(name: str, figures: tuple[float, float]) -> str:
    return f"| {name} | {figures[0]:.2f} | {figures[1]:.0f} |"


if __name__ == "__main__":
    main()

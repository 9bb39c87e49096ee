"""A dashboard to be measured: its transcripts, its process, and tables of what came of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import urlsplit


@dataclass
class Corpus:
    """A root with links to the transcripts and one of its own that grows, and folders of tokentide's beside it."""

    folder: Path
    source: Path
    written: int = 0

    def __post_init__(self) -> None:
        """Lay it out."""
        (self.root / "projects" / "-own").mkdir(parents=True)
        (self.root / "projects" / "corpus").symlink_to(self.source.resolve() / "projects")
        (self.folder / "config").mkdir()
        (self.folder / "config" / "alerts.toml").write_text('[[channel]]\nkind = "desktop"\nenabled = false\n')

    @property
    def root(self) -> Path:
        """What stands for CLAUDE_CONFIG_DIR."""
        return self.folder / "root"

    @property
    def size(self) -> int:
        """Bytes of the transcripts."""
        return sum(path.stat().st_size for path in (self.source / "projects").rglob("*.jsonl"))

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a process on it."""
        return {
            "HOME": str(self.folder / "home"),
            "PATH": "/usr/bin:/bin",
            "TZ": "UTC",
            "CLAUDE_CONFIG_DIR": str(self.root),
            "TOKENTIDE_DATA_DIR": str(self.folder / "data"),
            "TOKENTIDE_CONFIG_DIR": str(self.folder / "config"),
        }

    def write(self) -> None:
        """Append a response."""
        self.written += 1
        usage = {"input_tokens": 3, "output_tokens": 900, "cache_read_input_tokens": 60_000}
        message = {"id": f"m{self.written}", "model": "claude-opus-4-8", "usage": usage, "stop_reason": "end_turn"}
        line = {
            "timestamp": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "sessionId": "bench",
            "cwd": "/home/bench/app",
            "type": "assistant",
            "requestId": f"r{self.written}",
            "message": message,
        }
        with (self.root / "projects" / "-own" / "s.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


@dataclass
class Server:
    """A running dashboard."""

    process: subprocess.Popen[str]
    address: str

    @property
    def place(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.address)
        return parts.hostname or "", parts.port or 0

    @property
    def megabytes(self) -> float:
        """Resident memory."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))

    def ask(self, target: str) -> float:
        """Seconds until the whole answer is there."""
        begin = time.perf_counter()
        with urllib.request.urlopen(self.address + target, timeout=120) as answer:
            answer.read()
        return time.perf_counter() - begin

    def until_read(self) -> None:
        """Wait until every transcript was read."""
        while True:
            with urllib.request.urlopen(f"{self.address}/api/v1/status", timeout=60) as answer:
                if json.load(answer)["is_ready"]:
                    return
            time.sleep(0.05)


@contextmanager
def serving(corpus: Corpus) -> Iterator[Server]:
    """A server on a free port that has read everything, until the end of the block."""
    server = started(corpus)
    try:
        server.until_read()
        time.sleep(1)
        yield server
    finally:
        server.process.terminate()
        server.process.wait(20)


def started(corpus: Corpus) -> Server:
    """A server that says its address."""
    command = [sys.executable, "-m", "tokentide", "serve", "--port", "0", "--offline"]
    process = subprocess.Popen(command, env=corpus.environ, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        found = re.search(r"http://[\d.]+:\d+", line)
        if found:
            return Server(process, found[0])
    raise SystemExit("the server did not start")


def quantile(figures: Sequence[float], share: float) -> float:
    """The figure that so many lie below."""
    return sorted(figures)[min(int(share * len(figures)), len(figures) - 1)]


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str | float]]) -> None:
    """A table in Markdown."""
    print(f"**{title}**\n\n| {' | '.join(head)} |\n| --- {'| --: ' * (len(head) - 1)}|")
    for row in rows:
        print(f"| {' | '.join(map(written, row))} |")
    print(flush=True)


def written(figure: str | float) -> str:
    """Whole numbers from ten on, three digits below."""
    if isinstance(figure, float):
        return f"{figure:.0f}" if figure >= 10 else f"{figure:.2f}"
    return str(figure)

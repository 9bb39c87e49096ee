"""Measures the dashboard on one folder of transcripts, and prints Markdown tables.

    python -m bench.dashboard --corpus DIR [--readers 50] [--seconds 20] [--changes 2000]

DIR is a CLAUDE_CONFIG_DIR; what is written goes into another root beside it. Start: from the start of the process to
the first page, with everything read before and with nothing. Paint: Chromium's own entries; cold is a fresh profile
on pages that the server has not kept, warm the second visit. Filters: one request after another, each with days that
no one asked for before. Readers: each asks again as soon as it is answered, for pages and API alike; ten of them hold
a stream of events and ask for a page whenever it says that something has changed, and a transcript grows meanwhile.
Changes: so many responses are written, each seen by the server and told to a listener.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import re
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

from bench.dashboard_stage import Corpus, Server, quantile, serving, started, table

PAGES = ("/", "/costs", "/sessions")
FILTERED = (
    *("/", "/costs", "/sessions", "/projects", "/models", "/activity", "/limits", "/live", "/insight"),
    *("/insight/breakdown", "/insight/what-if", "/insight/compare", "/api/v1/overview", "/api/v1/daily"),
    *("/api/v1/session", "/api/v1/advise", "/api/v1/breakdown", "/api/v1/what-if", "/api/v1/activity"),
)
READ = (
    "/",
    "/costs",
    "/sessions",
    "/projects",
    "/api/v1/daily",
    "/api/v1/model?by=project",
    "/api/v1/limits",
    "/metrics",
)
WITHOUT_DAYS = ("/live", "/limits", "/", "/api/v1/overview")
EACH = 40
"""Different stretches of days a page; of pages without days, the time zones there are."""
LISTENERS = 10
CHROMIUM = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
PAINTS = """() => new Promise((told) => {
  const found = {};
  for (const each of performance.getEntriesByType("paint")) found[each.name] = each.startTime;
  new PerformanceObserver((list) => {
    for (const each of list.getEntries()) found.largest = each.startTime;
  }).observe({ type: "largest-contentful-paint", buffered: true });
  setTimeout(() => told(found), 1500);
})"""


def main() -> None:
    """Measure and print."""
    options = parse()
    with tempfile.TemporaryDirectory(prefix="tokentide-bench-") as folder:
        corpus = Corpus(Path(folder), options.corpus)
        print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {corpus.size / 1e6:,.0f} MB.\n")
        starts(corpus)
        with serving(corpus) as server:
            paints(server)
        with serving(corpus) as server:
            filters(server)
        with serving(corpus) as server:
            asyncio.run(readers(server, corpus, options.readers, options.seconds))
        with serving(corpus) as server:
            asyncio.run(changes(server, corpus, options.changes))


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--changes", type=int, default=2000)
    return parser.parse_args()


def starts(corpus: Corpus, runs: int = 5) -> None:
    """From nothing to a page."""
    rows = []
    for name, count in (("nothing read before", 1), ("everything read before", runs)):
        taken, whole = [], []
        for _ in range(count):
            begin = time.perf_counter()
            server = started(corpus)
            server.ask("/")
            taken.append(time.perf_counter() - begin)
            server.until_read()
            whole.append(time.perf_counter() - begin)
            server.process.terminate()
            server.process.wait(20)
        rows.append((name, statistics.median(taken), statistics.median(whole)))
    table("from the start of the process, seconds", ("", "first page", "all is read"), rows)


def paints(server: Server) -> None:
    """What a person sees when."""
    from playwright.sync_api import sync_playwright

    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM))
        browser.new_page().goto(f"{server.address}/static/icon.svg")
        for number, path in enumerate(PAGES):
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            page = context.new_page()
            for visit in ("cold", "warm"):
                page.goto(f"{server.address}{path}?since=2020-01-0{number + 1}")
                found: Mapping[str, float] = page.evaluate(PAINTS)
                while "first-contentful-paint" not in found:  # the entry may come after the page says it is loaded
                    page.wait_for_timeout(50)
                    found = page.evaluate(PAINTS)
                rows.append((f"{path} {visit}", found["first-contentful-paint"], found.get("largest", 0.0)))
            context.close()
        browser.close()
    table("in Chromium, ms", ("all of the history", "first contentful paint", "largest"), rows)


def filters(server: Server) -> None:
    """What each new question costs the server."""
    rows: list[tuple[str, float, float, float]] = []
    for path in FILTERED:
        server.ask(path)
        taken = [1000 * server.ask(f"{path}{query}") for query in questions(path)]
        rows.append((path, statistics.median(taken), quantile(taken, 0.95), max(taken)))
    table("questions that nobody asked before, ms", ("", "p50", "p95", "highest"), rows)


def questions(path: str) -> Sequence[str]:
    """Queries that are all different: stretches of days of many lengths, back from today; or other time zones."""
    if path in WITHOUT_DAYS:
        return [f"?timezone={quote(f'Etc/GMT{hours:+d}')}" for hours in range(-12, 13) if hours]
    today = date.today()  # noqa: DTZ011 -- any day will do
    stretches = [(today - timedelta(days=7 + 9 * number), today - timedelta(days=number % 7)) for number in range(EACH)]
    return [f"?since={since}&until={until}" for since, until in stretches]


@dataclass
class Crowd:
    """What readers met with."""

    taken: list[float] = field(default_factory=list)
    errors: int = 0
    events: int = 0
    bytes: int = 0


async def readers(server: Server, corpus: Corpus, count: int, seconds: float) -> None:
    """Everyone at once."""
    before, crowd, end = server.megabytes, Crowd(), time.monotonic() + seconds
    listeners = min(LISTENERS, count // 2)
    jobs = [asyncio.create_task(reading(server, crowd, number, end)) for number in range(count - listeners)]
    jobs += [asyncio.create_task(listening(server, crowd, end)) for _ in range(listeners)]
    while time.monotonic() < end:
        await asyncio.sleep(2)
        corpus.write()
    await asyncio.gather(*jobs)
    taken = [1000 * each for each in crowd.taken]
    head = ("answers a second", "p50", "p95", "p99", "highest", "errors", "events", "memory before, MB", "after")
    figures = (statistics.median(taken), quantile(taken, 0.95), quantile(taken, 0.99), max(taken))
    row = (f"{len(taken) / seconds:.0f}", *figures, crowd.errors, crowd.events, before, server.megabytes)
    table(f"{count} readers for {seconds:.0f} s, ms", head, [row])


async def reading(server: Server, crowd: Crowd, number: int, end: float) -> None:
    """One reader, who asks for one thing after another over one connection."""
    reader, writer = await asyncio.open_connection(*server.place)
    try:
        while time.monotonic() < end:
            target = READ[number % len(READ)]
            number += 1
            begin = time.perf_counter()
            status, size = await asked(reader, writer, server, target)
            crowd.taken.append(time.perf_counter() - begin)
            crowd.errors += status != 200
            crowd.bytes += size
    except (OSError, asyncio.IncompleteReadError):
        crowd.errors += 1
    finally:
        writer.close()


async def listening(server: Server, crowd: Crowd, end: float) -> None:
    """One reader with a page open: at each event it asks for the page anew."""
    reader, writer = await asyncio.open_connection(*server.place)
    pages, asking = await asyncio.open_connection(*server.place)
    writer.write(f"GET /api/v1/events HTTP/1.1\r\nhost: {urlsplit(server.address).netloc}\r\n\r\n".encode())
    while (left := end - time.monotonic()) > 0:
        try:
            line = await asyncio.wait_for(reader.readline(), left)
        except TimeoutError:
            break
        if line.startswith(b"event: changed"):
            crowd.events += 1
            begin = time.perf_counter()
            status, _ = await asked(pages, asking, server, "/")
            crowd.taken.append(time.perf_counter() - begin)
            crowd.errors += status != 200
    writer.close()
    asking.close()


async def asked(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server, target: str
) -> tuple[int, int]:
    """Status and size of an answer."""
    writer.write(f"GET {target} HTTP/1.1\r\nhost: {urlsplit(server.address).netloc}\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = re.search(r"(?i)content-length: (\d+)", head)
    assert length, head
    await reader.readexactly(int(length[1]))
    return int(head.split()[1]), int(length[1])


async def changes(server: Server, corpus: Corpus, count: int) -> None:
    """A long day, quickly: responses are written one by one while a page is open."""
    server.ask("/")
    before, begin, crowd = server.megabytes, time.monotonic(), Crowd()
    listener = asyncio.create_task(listening(server, crowd, time.monotonic() + 3600))
    middle = 0.0
    for number in range(count):
        corpus.write()
        await asyncio.sleep(0.02)
        if number == count // 2:
            middle = server.megabytes
    await asyncio.sleep(3)
    listener.cancel()
    await asyncio.gather(listener, return_exceptions=True)
    row = (count, f"{time.monotonic() - begin:.0f}", crowd.events, before, middle, server.megabytes, crowd.errors)
    table(
        "responses written while a page is open",
        ("responses", "seconds", "events", "memory before, MB", "half way", "after", "errors"),
        [row],
    )


if __name__ == "__main__":
    main()

"""Tells within a second that a transcript has changed: the system says so, or the files are looked at where it cannot.

Nothing is read here; whoever is told synchronises. The system's word is asked for through watchfiles (extra `live`).
Folders of other machines, a system whose watches are used up, and a missing watchfiles are looked at instead.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tokentide.settings import Settings
from tokentide.sources.claude_code.paths import transcript_folders
from tokentide.sync.roots import wanted_roots

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

LOOK_SECONDS = 1.0
"""How often it is looked whether folders came or went, and at folders of which the system says nothing."""
LOOK_AT_ALL_SECONDS = 10.0
"""How often every file of these folders is looked at, not only the newest."""
SURE_SECONDS = 60.0
"""So often a change is claimed whatever was seen: what no watch tells is missed no longer than that."""
NEWEST_FILES = 200
"""A transcript that is being written is among so many that changed last."""
_DEBOUNCE_MS, _STEP_MS, _LISTEN_MS = 300, 50, 60_000
REMOTE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "fuse", "afs", "ceph", "vboxsf", "prl_fs", "virtiofs", "davfs", "drvfs")
"""Beginnings of file systems' names whose changes may be made by other machines, of which this one is told nothing."""
_MOUNTS = "/proc/self/mountinfo"

_Stamp = tuple[int, int, int]
"""Size or 0, time of the last change in ns, inode."""


class Watcher:
    """Waits for changes below the folders that hold transcripts. One thread waits; any may `wake` it.

    What happened since it was made is told, so make it, synchronise, then wait.
    """

    def __init__(self, settings: Settings, environ: Mapping[str, str], *, may_be_told: bool = True) -> None:
        """Without `may_be_told` the files are looked at everywhere."""
        self._settings, self._environ = settings, environ
        self._may_be_told = may_be_told
        self._stirred = threading.Event()
        """Set with each of the two below."""
        self._is_woken = self._is_news = False
        self._folders: dict[str, _Stamp] = {}
        self._ear: _Ear | None = None
        self._looker = _Looker(())
        self._sure_at = time.monotonic() + SURE_SECONDS
        self._look_at = 0.0
        self._begin()

    @property
    def is_told(self) -> bool:
        """True where the system tells of every folder; False where any has to be looked at."""
        return self._ear is not None and not self._looker.folders

    def changes(self, timeout: float) -> bool:
        """Wait up to so many seconds; True as soon as transcripts may have changed, False when nothing has."""
        deadline = time.monotonic() + timeout
        while not self._is_woken:
            now = time.monotonic()
            if self._is_news or self._has_moved(now) or now >= self._sure_at:
                self._is_news, self._sure_at = False, now + SURE_SECONDS
                if self._ear is not None and self._ear.is_deaf:
                    self.close()
                    self._looker = _Looker(self._folders)
                return True
            if self._looker.has_changed(now):
                return True
            if now >= deadline:
                return False
            if self._stirred.wait(min(deadline - now, LOOK_SECONDS)):
                self._stirred.clear()
        self._is_woken = False
        return False

    def wake(self) -> None:
        """End the wait that is going on, or the next one, as if its time were up."""
        self._is_woken = True
        self._stirred.set()

    def close(self) -> None:
        """Let go of the system's watches."""
        if self._ear is not None:
            self._ear.close()
            self._ear = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self) -> None:
        """Watch the folders that are there now."""
        self.close()
        self._folders = self._find()
        told = [path for path in self._folders if self._may_be_told and not _is_remote(path)]
        notify = _notify_of(told) if told else None
        self._ear = None if notify is None else _Ear(notify, self._hear)
        looked_at = [path for path in self._folders if self._ear is None or path not in told]
        self._looker = _Looker(looked_at)

    def _find(self) -> dict[str, _Stamp]:
        """The folders that exist, each with what tells it from another one of its name."""
        found: dict[str, _Stamp] = {}
        for root in wanted_roots(self._settings, self._environ):
            for folder in transcript_folders(root):
                try:
                    status = os.stat(folder)
                except OSError:
                    continue
                found[folder] = (0, status.st_dev, status.st_ino)
        return found

    def _has_moved(self, now: float) -> bool:
        """True where a folder has come, gone or been replaced since; watches those that are there now."""
        if now < self._look_at:
            return False
        self._look_at = now + LOOK_SECONDS
        if self._find() == self._folders:
            return False
        self._begin()
        return True

    def _hear(self) -> None:
        """A transcript may have changed; called on another thread."""
        self._is_news = True
        self._stirred.set()


class _Ear:
    """Listens to the system on a thread of its own: its wait would swallow the exceptions of signal handlers."""

    def __init__(self, notify: RustNotify, hear: Callable[[], None]) -> None:
        self._notify, self._hear = notify, hear
        self._over = threading.Event()
        self.is_deaf = False
        """True when the system tells no more."""
        self._thread = threading.Thread(target=self._listen, name="tokentide watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._over.set()
        self._thread.join()
        self._notify.close()

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                said = self._notify.watch(_DEBOUNCE_MS, _STEP_MS, _LISTEN_MS, self._over)
            except (OSError, RuntimeError):
                self.is_deaf = True
                self._hear()
                return
            if not isinstance(said, str) and any(_may_matter(path) for _, path in said):
                self._hear()


class _Looker:
    """Looks at files and folders: often at the folders and the newest files, now and then at all."""

    def __init__(self, folders: Iterable[str]) -> None:
        self.folders = tuple(folders)
        self._known = dict(_walk(self.folders))
        self._all_at = time.monotonic() + LOOK_AT_ALL_SECONDS

    def has_changed(self, now: float) -> bool:
        """True if anything is not as it was when last looked at."""
        if now < self._all_at and all(_stamp(path) == self._known[path] for path in self._likely()):
            return False
        known, self._known = self._known, dict(_walk(self.folders))
        self._all_at = now + LOOK_AT_ALL_SECONDS
        return known != self._known

    def _likely(self) -> list[str]:
        """Every folder, and the transcripts that changed last."""
        files = [path for path in self._known if path.endswith(".jsonl")]
        newest = sorted(files, key=lambda path: self._known[path][1], reverse=True)[:NEWEST_FILES]
        return [*(self._known.keys() - set(files)), *newest]


def _walk(folders: Iterable[str]) -> Iterator[tuple[str, _Stamp]]:
    """Every folder and transcript below these, with its stamp."""
    for base in folders:
        for folder, _, names in os.walk(base):
            yield folder, _stamp(folder)
            for name in names:
                if name.endswith(".jsonl"):
                    path = os.path.join(folder, name)
                    yield path, _stamp(path)


def _stamp(path: str) -> _Stamp:
    """What changes with a file or a folder; zeros for one that is gone."""
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0, 0
    return status.st_size, status.st_mtime_ns, status.st_ino


def _may_matter(path: str) -> bool:
    """True for a transcript, a folder, and what is gone; the client writes other files beside them."""
    return path.endswith(".jsonl") or not os.path.isfile(path)


def _notify_of(folders: list[str]) -> RustNotify | None:
    """The system's watches on these folders; None where it has none left, or watchfiles is not here."""
    try:
        from watchfiles._rust_notify import RustNotify
    except ImportError:
        return None
    try:
        return RustNotify(folders, False, False, 0, True, True)
    except (OSError, RuntimeError):
        return None


def _is_remote(path: str) -> bool:
    """True for a folder on a file system that other machines may write to, as far as the system tells."""
    if sys.platform == "win32":
        return path.startswith("\\\\")
    if not sys.platform.startswith("linux"):
        return False
    try:
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            mounts = [line.split(" ") for line in file]
    except OSError:
        return False
    real = os.path.realpath(path)
    kinds = {_unescaped(words[4]): words[words.index("-") + 1] for words in mounts if "-" in words}
    holders = [point for point in kinds if point in ("/", real) or real.startswith(point + "/")]
    return bool(holders) and kinds[max(holders, key=len)].startswith(REMOTE_SYSTEMS)


def _unescaped(text: str) -> str:
    r"""A path of the mount table: blanks and the like stand there as `\040`."""
    for code, sign in ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")):
        text = text.replace(code, sign)
    return text

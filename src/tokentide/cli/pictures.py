"""Writes pictures where a person wants them: whole or not at all, and never over a file that is something else."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal
from tokentide.errors import UsageError
from tokentide.private_files import replace_file

if TYPE_CHECKING:
    from tokentide.render.pictures.scene import Scene

INSTALL = "PNG needs Pillow: pip install 'tokentide[pictures]'; --svg works without it"
STANDARD_OUTPUT = "-"
BEGINNINGS = {".svg": (b"<svg", b"<?xml"), ".png": (b"\x89PNG\r\n",), ".html": (b"<!doctype html",)}
"""How files of ours begin, in small letters; a file that begins so may be written over."""
_MODE = 0o644


def write_pictures(scene: Scene, svg: str | None, png: str | None, terminal: Terminal) -> ExitCode:
    """Write the scene to one or both; returns the exit code. Raises UsageError for a place that cannot be meant."""
    if svg == STANDARD_OUTPUT and png == STANDARD_OUTPUT:
        raise UsageError("standard output takes one picture: give --svg or --png a file")
    if png is not None and not has_pillow():
        terminal.say(INSTALL)
        return ExitCode.ERROR
    codes = [ExitCode.OK]
    if svg is not None:
        codes.append(_write(svg, ".svg", lambda: _svg(scene), terminal))
    if png is not None:
        codes.append(_write(png, ".png", lambda: _png(scene), terminal))
    return max(codes)


def has_pillow() -> bool:
    """True where PNG can be drawn."""
    try:
        import PIL.Image
    except ImportError:
        return False
    del PIL
    return True


def write_file(path: str, kind: str, content: bytes, terminal: Terminal) -> ExitCode:
    """Write one file of a kind in BEGINNINGS, and say where it is; a pipe or a device is written to, not replaced.

    Raises UsageError where another file has that name.
    """
    _check(path, kind)
    try:
        if _is_stream(path):
            with open(path, "wb") as stream:
                stream.write(content)
        else:
            replace_file(os.path.realpath(path), content, _MODE)
    except OSError as error:
        terminal.say(f"{path} cannot be written: {error.strerror or error}")
        return ExitCode.ERROR
    terminal.say(f"wrote {os.path.abspath(path)} ({len(content) / 1000:,.0f} kB)")
    return ExitCode.OK


def _write(path: str, kind: str, draw: Callable[[], bytes], terminal: Terminal) -> ExitCode:
    if path != STANDARD_OUTPUT:
        _check(path, kind)
        return write_file(path, kind, draw(), terminal)
    if kind == ".png" and terminal.out.isatty():
        raise UsageError("a PNG is nothing for a terminal: give --png a file, or send standard output into one")
    put_out(draw(), terminal)
    return ExitCode.OK


def put_out(content: bytes, terminal: Terminal) -> None:
    """Write to standard output as it is, whatever the encoding of its text."""
    terminal.out.flush()
    terminal.out.buffer.write(content)
    terminal.out.buffer.flush()


def _check(path: str, kind: str) -> None:
    """A folder that is there, and no file of another kind; an empty one is nobody's."""
    if not path:
        raise UsageError("that is no name of a file; - is standard output")
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or not os.path.isdir(folder):
        raise UsageError(f"{path}: {'that is a folder' if os.path.isdir(path) else f'there is no folder {folder}'}")
    if _is_stream(path):
        return
    try:
        with open(path, "rb") as file:
            beginning = file.read(512).lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    except OSError:
        return  # not there, or not ours to read: writing tells
    if beginning and not beginning.startswith(tuple(each.lower() for each in BEGINNINGS[kind])):
        raise UsageError(f"{path} is there and is no {kind[1:].upper()}: it stays as it is; choose another name")


def _is_stream(path: str) -> bool:
    """True for a pipe or a device, such as /dev/stdout."""
    return os.path.exists(path) and not os.path.isfile(path)


def _svg(scene: Scene) -> bytes:
    from tokentide.render.pictures.svg import svg_text

    return svg_text(scene).encode("utf-8")


def _png(scene: Scene) -> bytes:
    from tokentide.render.pictures.png import png_bytes

    return png_bytes(scene)

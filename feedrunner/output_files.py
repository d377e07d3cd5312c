"""Files that a feed's program left -> pieces of output, as if they had been printed."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from feedrunner.messages import lines_of
from feedrunner.process import LAST_LINES, PIECE, FeedTimeout, shown
from feedrunner.streams import STREAMS


def read_folder(folder: Path) -> Iterator[bytes]:
    """Yield what a program left as STREAM.ndjson, as if it had printed it. Raises OSError."""
    for stream in STREAMS:
        path = folder / f"{stream}.ndjson"
        if path.is_file() and not path.is_symlink():
            for lines in lines_of(read_pieces(path)):
                yield b"".join(wrapped(stream, line) + b"\n" for line in lines)


def read_pieces(path: Path) -> Iterator[bytes]:
    """Yield what is in a file. Raises OSError."""
    with path.open("rb") as file:
        yield from iter(lambda: file.read(PIECE), b"")


def wrapped(stream: str, line: bytes) -> bytes:
    """Return a line as a message: a bare record is one of its stream."""
    text = line.strip()
    if not text or (b'"type"' in text[:200] and b'"record"' in text):
        return line
    return b'{"type":"RECORD","stream":"' + stream.encode() + b'","record":' + text + b"}"


def read_from(path: Path) -> Iterator[bytes]:
    """Yield what a run elsewhere printed: a file, or a folder with `stdout`. Raises OSError."""
    if path.is_dir():
        if (path / "stdout").is_file():
            yield from read_pieces(path / "stdout")
            yield b"\n"
        if exit_of(path) == 0:
            yield from read_folder(path)
        return
    yield from read_pieces(path)


def wait_for_ends(folders: Iterable[Path], seconds: float) -> None:
    """Wait until each folder has the file `exit`, or the time is over."""
    until = time.monotonic() + seconds
    for folder in folders:
        while not (folder / "exit").is_file() and time.monotonic() < until:
            time.sleep(0.2)


def read_ended(folder: Path) -> Iterator[bytes]:
    """Yield what a run elsewhere left; the last line of one that was killed may be half.

    Raises FeedTimeout where it left no exit code, OSError.
    """
    if (folder / "exit").is_file():
        yield from read_from(folder)
        return
    if (folder / "stdout").is_file():
        yield from read_pieces(folder / "stdout")
    raise FeedTimeout("left no exit code: it was killed, or still runs")


def exit_of(path: Path, missing: int | None = 0) -> int | None:
    """Return the exit code that a run elsewhere left beside its output, else `missing`."""
    file = path / "exit"
    if not path.is_dir() or not file.is_file():
        return missing
    text = file.read_text(encoding="ascii", errors="replace").strip()
    return int(text) if text.lstrip("-").isdigit() else 1


def log_of(path: Path) -> str:
    """Return the last lines of the log that a run elsewhere left beside its output."""
    file = path / "stderr"
    if not path.is_dir() or not file.is_file():
        return ""
    with file.open("rb") as log:
        log.seek(max(0, file.stat().st_size - PIECE))
        return "\n".join(map(shown, log.read().splitlines()[-LAST_LINES:]))

"""Files that a feed's program left -> pieces of output, as if they had been printed.

The folder is the program's, which may be a stranger's: what is no file of its own there, as a link
to one that only its reader may see, is never opened.
"""

import errno
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

import orjson

from feedrunner.messages import READERS, lines_of
from feedrunner.process import LAST_LINES, PIECE, FeedTimeout, shown
from feedrunner.streams import STREAMS

EXIT = re.compile(r"-?\d{1,9}")
NO_CODE = 1
"""What counts as the exit code of a run that left something else."""


def opened(path: Path) -> IO[bytes] | None:
    """Open a file of a program's; None where there is none. Raises OSError for what is no file."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENXIO):
            raise
        raise no_file(path) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise no_file(path)
    return open(descriptor, "rb")


def no_file(path: Path) -> OSError:
    return OSError(errno.EINVAL, "not a file but a link, a pipe or a folder", str(path))


def read_folder(folder: Path) -> Iterator[bytes]:
    """Yield what a program left as STREAM.ndjson, as if it had printed it. Raises OSError."""
    for stream in STREAMS:
        for lines in lines_of(read_pieces(folder / f"{stream}.ndjson")):
            yield b"".join(wrapped(stream, line) + b"\n" for line in lines)


def read_pieces(path: Path) -> Iterator[bytes]:
    """Yield what is in a file of a program's, nothing where there is none. Raises OSError."""
    file = opened(path)
    if file is not None:
        with file:
            yield from iter(lambda: file.read(PIECE), b"")


def wrapped(stream: str, line: bytes) -> bytes:
    """Return a line as a message: a bare record is one of its stream."""
    text = line.strip()
    if not text or is_message(text):
        return line
    return b'{"type":"RECORD","stream":"' + stream.encode() + b'","record":' + text + b"}"


def is_message(text: bytes) -> bool:
    """Tell whether a line is a message, whatever the order of its keys; `type` is a column, too."""
    if b'"type"' not in text:
        return False
    try:
        value = orjson.loads(text)
    except ValueError:
        return False  # its reader says what is wrong with it
    kind = value.get("type") if isinstance(value, dict) else None
    return kind in READERS if isinstance(kind, str) else False


def read_from(path: Path) -> Iterator[bytes]:
    """Yield what a run elsewhere printed: a file, or a folder with `stdout`. Raises OSError."""
    if path.is_dir():
        names = ("stdout", "exit", *(f"{stream}.ndjson" for stream in STREAMS))
        if not any((path / name).exists() for name in names):
            raise OSError(errno.ENOENT, "nothing of a run: no stdout, no STREAM.ndjson", str(path))
        yield from read_pieces(path / "stdout")
        yield b"\n"
        if exit_of(path) == 0:
            yield from read_folder(path)
        return
    with path.open("rb") as file:  # the operator's, who may name a pipe
        yield from iter(lambda: file.read(PIECE), b"")


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
    yield from read_pieces(folder / "stdout")
    raise FeedTimeout("left no exit code: it was killed, or still runs")


def exit_of(path: Path, missing: int | None = 0) -> int | None:
    """Return the exit code that a run elsewhere left beside its output, else `missing`."""
    file = path / "exit"
    if not path.is_dir() or not file.is_file():
        return missing
    text = b"".join(own_end(file)).decode("ascii", "replace").strip()
    return int(text) if EXIT.fullmatch(text) else NO_CODE


def log_of(path: Path) -> str:
    """Return the last lines of the log that a run elsewhere left beside its output."""
    if not path.is_dir():
        return ""
    return "\n".join(map(shown, b"".join(own_end(path / "stderr")).splitlines()[-LAST_LINES:]))


def own_end(path: Path) -> Iterator[bytes]:
    """Yield the end of a file of a program's; nothing of what is none."""
    with suppress(OSError):
        file = opened(path)
        if file is not None:
            with file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - PIECE))
                yield file.read(PIECE)

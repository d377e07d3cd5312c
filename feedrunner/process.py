"""Run a feed's program: what it may see, how long it may take, and what it printed.

A program's grandchild may hold its output open; so what is read ends soon after the program, and
nothing of its session lives on.
"""

import fcntl
import os
import re
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from feedrunner.manifest import Manifest
from feedrunner.needs import NEEDS
from runtime.log import STARS, TOKEN

PASSED_ON = (
    "PATH LANG LC_ALL TZ HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy "
    "SSL_CERT_FILE SSL_CERT_DIR"
).split()
"""What a program sees of the runner's environment; nothing else."""
AGAIN, MISCONFIGURED = 75, 78
"""Exit codes by which a program says: try sooner; set me up first (sysexits.h)."""
ADDRESS = re.compile(r"(?!https?:///)[A-Za-z][\w+.-]*://\S+", re.A)
CREDENTIALS = re.compile(r"(?<=://)[^\s/]+@")
"""Who asks, and the password, in an address."""
END_SECONDS = 5.0
"""How long output is read after the program ended, and how long a signal may take."""
PIECE = 65_536
LAST_LINES, LONGEST_LOG_LINE = 50, 1000
SHORTEST_SECRET = 4


class FeedTimeout(Exception):
    """A program ran longer than its manifest allows."""


class NoAddress(Exception):
    """What the environment says of a source's address, which is none."""


class Process:
    """A program that runs, its output, the end of its log, and how it ended."""

    def __init__(
        self, manifest: Manifest, python: Path, folder: Path, environ: Mapping[str, str]
    ) -> None:
        """Start it, with a Python of its own where it has one. Raises OSError."""
        self.manifest = manifest
        self.until = time.monotonic() + manifest.timeout
        self.tail = deque[str](maxlen=LAST_LINES)
        self.log = b""
        self.secrets = secrets_of(environ)
        self.is_over = False
        """Whether nothing of it is left to be ended."""
        self.child = subprocess.Popen(  # noqa: S603 - an argv that the operator wrote
            argv_of(manifest, python),
            cwd=folder,
            env=with_python(python, environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        with suppress(ProcessLookupError):
            limit_memory(self.child.pid, manifest.memory)

    def pieces(self) -> Iterator[bytes]:
        """Yield what it prints until it ended, and what is still in the pipe then.

        Raises FeedTimeout.
        """
        out, err = self.child.stdout, self.child.stderr
        assert out is not None  # noqa: S101 - both are pipes
        assert err is not None  # noqa: S101
        ended: float | None = None
        left = 0
        with selectors.DefaultSelector() as selector:
            for stream in (out, err):
                selector.register(stream, selectors.EVENT_READ)
            while selector.get_map():
                now = time.monotonic()
                if ended is None and self.child.poll() is not None:
                    # What it printed is in the pipe, however long the rows before it take.
                    ended, left = now, fcntl.fcntl(out.fileno(), fcntl.F_GETPIPE_SZ)
                if ended is None and now > self.until:
                    raise FeedTimeout(f"ran longer than {self.manifest.timeout} s")
                ready = selector.select(0.2)
                if ended is not None and now > ended + END_SECONDS and (left <= 0 or not ready):
                    return
                for key, _ in ready:
                    piece = os.read(key.fd, PIECE)  # what a buffer holds back is never ready
                    if not piece:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is out:
                        left -= len(piece)
                        yield piece
                    else:
                        self.keep(piece)

    def keep(self, piece: bytes) -> None:
        """Keep the last lines of the log."""
        *lines, rest = (self.log + piece).split(b"\n")
        self.log = rest[-LONGEST_LOG_LINE:]
        self.tail.extend(shown(line) for line in lines[-LAST_LINES:])

    def logtail(self) -> str:
        """Return the last lines of its log, without the tokens that it was given."""
        text = "\n".join([*self.tail, *([shown(self.log)] if self.log else [])])
        for secret in self.secrets:
            text = text.replace(secret, STARS)
        return text

    def end(self) -> int:
        """End what is left of it and its children; return its exit code, negative for a signal."""
        if self.is_over:
            return self.child.wait()
        self.is_over = True
        self.signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.child.wait(END_SECONDS)
        self.signal(signal.SIGKILL)
        for stream in (self.child.stdout, self.child.stderr):
            close(stream)
        return self.child.wait()

    def wait(self) -> int:
        """Return its exit code, once it ended by itself or its time was over."""
        try:
            self.child.wait(max(0.0, self.until - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise FeedTimeout(f"ran longer than {self.manifest.timeout} s") from None
        return self.end()

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.child.pid, number)


def limit_memory(pid: int, most: int) -> None:
    """Let a process use so many bytes; fewer where the runner itself may not use as many.

    What it only reserves does not count: Node's `fetch` takes 10 GiB of addresses, Java 1 GiB.
    """
    _, hard = resource.prlimit(pid, resource.RLIMIT_DATA)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.prlimit(pid, resource.RLIMIT_DATA, (most, most))


def close(stream: IO[bytes] | None) -> None:
    if stream is not None:
        stream.close()


def shown(line: bytes) -> str:
    """Return a line of a log that a database can hold, and whoever reads it may see."""
    text = line[:LONGEST_LOG_LINE].decode(errors="replace")
    text = TOKEN.sub(STARS, CREDENTIALS.sub(f"{STARS}@", text))
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def argv_of(manifest: Manifest, python: Path = Path(sys.executable)) -> list[str]:
    """Return the argv: `python` is the one given, a script beside the manifest is meant.

    Its current folder is another one, where `./script` would be looked for.
    """
    words = list(manifest.command)
    if words[0] in ("python", "python3"):
        words[0] = str(python)
    return [str(manifest.folder / word) if is_beside(manifest, word) else word for word in words]


def with_python(python: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which the commands beside a Python are found first."""
    own = {} if str(python) == sys.executable else {"VIRTUAL_ENV": str(python.parent.parent)}
    paths = [str(python.parent)] if own else []
    return {**environ, **own, "PATH": os.pathsep.join([*paths, environ.get("PATH", os.defpath)])}


def is_beside(manifest: Manifest, word: str) -> bool:
    return "/" not in word.removeprefix("./") and (manifest.folder / word).is_file()


def passed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what of the runner's environment any program sees."""
    return {name: environ[name] for name in PASSED_ON if name in environ}


def secrets_of(environ: Mapping[str, str]) -> list[str]:
    """Return the tokens that a program is given, longest first; what is short is no secret."""
    texts = [value for name, value in environ.items() if name.endswith("_TOKEN")]
    for name, value in environ.items():
        if name.endswith("_TOKEN_FILE"):
            with suppress(OSError, UnicodeDecodeError):  # its program says that
                texts.append(Path(value).read_text("utf-8"))
    words = {word for text in texts for word in text.split() if len(word) >= SHORTEST_SECRET}
    return sorted(words, key=len, reverse=True)


def sources_of(manifest: Manifest, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the environment says of a feed's sources; an empty text says nothing."""
    names = [
        f"SOURCE_{source.upper().replace('-', '_')}_{ending}"
        for source in manifest.sources
        for ending in ("URL", "TOKEN", "TOKEN_FILE")
    ]
    return {name: environ[name] for name in names if environ.get(name)}


def environment(
    manifest: Manifest, folder: Path, state: Path, environ: Mapping[str, str]
) -> dict[str, str]:
    """Return all that a program sees of its surroundings. Raises NoAddress."""
    sources = sources_of(manifest, environ)
    for name, value in sources.items():
        if name.endswith("_URL") and not ADDRESS.fullmatch(value):
            raise NoAddress(f"{name} is no address as https://host/path")
    seen = passed_on(environ) | sources
    own = {"OUTPUTDIR": str(folder), "HOME": str(folder), "TMPDIR": str(folder)}
    own |= {"FEED_NEEDS": str(state.parent / NEEDS)} if manifest.needs else {}
    own |= {"FEED_NAME": manifest.name, "FEED_STATE": str(state), "PYTHONUTF8": "1"}
    return {**seen, **manifest.env, **own}

"""A TCP proxy in a process of its own, behind which a server seems far away.

Bytes wait half the time on their way there, and half on their way back; a stream is delayed, not
throttled: what follows closely arrives as closely.
"""

import argparse
import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue

Piece = tuple[float, bytes]


@contextmanager
def away(port: int, seconds: float) -> Iterator[int]:
    """Give a port of this machine that leads to another, a round trip taking so much longer."""
    command = [sys.executable, "-m", "benchmarks.distance", str(port), str(seconds)]
    with subprocess.Popen(  # noqa: S603 - our own words
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout  # noqa: S101 - for mypy: it is a pipe
        yield int(process.stdout.readline())  # leaving the block closes its input


def main(argv: Sequence[str] | None = None) -> int:
    """Print the port, and serve until whoever started us closes our input, or ends."""
    flags = argparse.ArgumentParser(prog="python -m benchmarks.distance", description=__doc__)
    flags.add_argument("port", type=int)
    flags.add_argument("seconds", type=float)
    given = flags.parse_args(argv)
    listening = socket.create_server(("127.0.0.1", 0))
    arguments = (listening, given.port, given.seconds / 2)
    threading.Thread(target=serve, args=arguments, daemon=True).start()
    print(listening.getsockname()[1], flush=True)
    sys.stdin.read()
    return 0


def serve(listening: socket.socket, port: int, delay: float) -> None:
    """Lead every connection to `port`."""
    while True:
        near, _ = listening.accept()
        try:
            far = socket.create_connection(("127.0.0.1", port))
        except OSError:
            near.close()
            continue
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for source, target in ((near, far), (far, near)):
            waiting: SimpleQueue[Piece] = SimpleQueue()
            threading.Thread(target=take, args=(source, waiting), daemon=True).start()
            threading.Thread(target=give, args=(target, waiting, delay), daemon=True).start()


def take(source: socket.socket, waiting: SimpleQueue[Piece]) -> None:
    """Note what comes and when; nothing is the end."""
    while True:
        try:
            piece = source.recv(1 << 20)
        except OSError:
            piece = b""
        waiting.put((time.monotonic(), piece))
        if not piece:
            return


def give(target: socket.socket, waiting: SimpleQueue[Piece], delay: float) -> None:
    """Pass each piece on when its time has come."""
    with contextlib.suppress(OSError):
        while True:
            came, piece = waiting.get()
            time.sleep(max(0.0, came + delay - time.monotonic()))
            if not piece:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(piece)


if __name__ == "__main__":
    sys.exit(main())

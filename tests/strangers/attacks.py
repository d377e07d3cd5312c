"""What strangers send, and connections that send it again and again."""

import asyncio
import contextlib
import multiprocessing
import resource
from collections.abc import Iterator
from typing import NamedTuple

from listener.uvicorn_connection import RATE
from listener.vendors.head import BODY_BYTES
from tests.listener.process import request
from tests.listener.sending import headers

SPAWN = multiprocessing.get_context("spawn")

PIECE = b"x" * 64 * 1024


class Attack(NamedTuple):
    """`connections` at once, each of which sends `first`, then `times` `more` with pauses.

    Then it waits to be closed on, and begins anew. Pauses are in seconds.
    """

    name: str
    connections: int
    first: bytes
    more: bytes = b""
    times: int = 0
    pause: float = 0.0


class Spent:
    """What an attack has cost so far, as both processes see it."""

    def __init__(self) -> None:
        self.counts = SPAWN.Array("q", 2)

    def note(self, connections: int, sent: int) -> None:
        self.counts[0] += connections
        self.counts[1] += sent

    def read(self) -> tuple[int, int]:
        """Return the connections that were made and the bytes that were sent."""
        return self.counts[0], self.counts[1]


def head(length: int | None, **others: str) -> bytes:
    """Return the head of a delivery with a wrong signature."""
    return request({**headers("push", b""), **others}, length)


CHUNKED = head(None, **{"Transfer-Encoding": "chunked"})
ONE_BYTE = b"1\r\nx\r\n"
ALL_BUT_ONE = -(-BODY_BYTES // len(PIECE)) - 1
READY = b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"

ATTACKS = (
    Attack("nothing is sent", 3000, b""),
    Attack("half a head", 3000, head(300_000)[:60]),
    Attack("one byte of 300,000", 3000, head(300_000) + b"{"),
    Attack("bodies just above the slowest rate", 1000, head(BODY_BYTES), b"x" * RATE, 60, 0.8),
    Attack("25 MiB but the end", 100, head(BODY_BYTES), PIECE, ALL_BUT_ONE),
    Attack("25 MiB, whole", 16, head(BODY_BYTES), PIECE, ALL_BUT_ONE + 1),
    Attack("chunks without end", 100, CHUNKED, b"10000\r\n" + PIECE + b"\r\n", 100_000),
    Attack("chunks of one byte", 16, CHUNKED, ONE_BYTE * 1000, 100_000),
    Attack("chunks of one byte, of many", 300, CHUNKED + ONE_BYTE * 32_000 + b"0\r\n\r\n"),
    Attack("small bodies, whole", 64, head(2) + b"{}"),
    Attack("/readyz", 64, READY),
)


async def send(port: int, attack: Attack, spent: Spent) -> None:
    """Be one stranger until cancelled."""
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            spent.note(1, 0)
            try:
                for piece in (attack.first, *[attack.more] * attack.times):
                    writer.write(piece)
                    await writer.drain()
                    spent.note(0, len(piece))
                    await asyncio.sleep(attack.pause)
                await reader.read()
            finally:
                writer.transport.abort()
        await asyncio.sleep(0)


@contextlib.contextmanager
def attacking(port: int, attack: Attack) -> Iterator[Spent]:
    """Let strangers attack a port until the end of the block, from a process of their own."""
    spent = Spent()
    process = SPAWN.Process(target=work, args=(port, attack, spent), daemon=True)
    process.start()
    try:
        yield spent
    finally:
        process.kill()
        process.join()


def work(port: int, attack: Attack, spent: Spent) -> None:
    """Be all strangers of an attack."""
    allow_files()

    async def begin() -> None:
        await asyncio.gather(*(send(port, attack, spent) for _ in range(attack.connections)))

    asyncio.run(begin())


def allow_files() -> None:
    """Allow this process as many sockets as it may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

"""Let wrk send requests that are made beforehand: a client that takes little of the processors.

Debian has it as the package `wrk`. https://github.com/wg/wrk
"""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

MOST_A_SECOND = 5000
"""Requests of which a file holds that many for each second; whoever is quicker gets some twice."""
SCRIPT = Path(__file__).with_name("send.lua")
SAID = "wrk: "
MILLION = 1_000_000


class WrkLoad(NamedTuple):
    """What came of it: seconds, requests that were answered, times of answers in seconds."""

    seconds: float
    number: int
    refused: int
    lost: int
    half: float
    most: float

    def percentile(self, part: float) -> float:
        """Return the time that a half of the answers took at most, or 99 in a hundred."""
        return {0.5: self.half, 0.99: self.most}[part]

    @property
    def is_applied(self) -> bool:
        """Tell whether none was answered by an error, nor left without an answer."""
        return not self.refused and not self.lost

    @property
    def outcome(self) -> str:
        """Return what became of the others."""
        return f"{self.refused} answered by an error, {self.lost} lost"


def is_there() -> bool:
    """Tell whether wrk is installed."""
    return shutil.which("wrk") is not None


def write(requests: Iterable[bytes], file: Path) -> None:
    """Write requests to a file, as the script reads them."""
    with file.open("wb") as out:
        for request in requests:
            out.write(b"%08d" % len(request) + request)


def send(port: int, file: Path, connections: int, seconds: int) -> WrkLoad:
    """Send the requests of a file for so long. Raises CalledProcessError."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(SCRIPT)]
    done = subprocess.run(  # noqa: S603 - our own words
        [*command, f"http://127.0.0.1:{port}/webhook", "--", str(file)],
        capture_output=True,
        text=True,
        check=True,
    )
    return read(done.stdout)


def read(said: str) -> WrkLoad:
    """Return what the script has printed at the end."""
    told = next(line for line in said.splitlines() if line.startswith(SAID))
    number, took, refused, lost, half, most = map(int, told.removeprefix(SAID).split())
    return WrkLoad(took / MILLION, number, refused, lost, half / MILLION, most / MILLION)

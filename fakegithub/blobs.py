"""The other host, that keeps the logs: no token may reach it.

https://docs.github.com/en/rest/actions/workflow-jobs#download-job-logs-for-a-workflow-run
"""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fakegithub.api import rest
from fakegithub.handler import QuietHandler

PIECE = 65_536


@dataclass
class Blobs:
    """How the host behaves: `failures` are statuses (0: a broken connection) to begin with.

    `lasting`: jobs whose log fails for ever, by a status, 0, `page` (HTML), `cut` or
    `link`, to nowhere. `ranges`: whether it gives a part when asked; `lengths`: whether it says how
    long a log is.
    """

    failures: list[int] = field(default_factory=list)
    lasting: dict[int, int | str] = field(default_factory=dict)
    ranges: bool = True
    lengths: bool = True


class BlobHandler(QuietHandler):
    """Answers with a job's log as plain text."""

    wbufsize = 65_536

    def do_GET(self) -> None:  # noqa: N802 - the base class calls this name
        """Answer with a job's log, or the end of it."""
        github = self.github
        github.blob_requests.append((self.path, dict(self.headers)))
        if self.headers.get("Authorization"):
            self.write(400, b"<Code>InvalidAuthenticationInfo</Code>", {})
            return
        if github.blobs_as.failures:
            self.fail(github.blobs_as.failures.pop(0))
            return
        number = urlsplit(self.path).path.rsplit("/", 1)[-1].removesuffix(".txt")
        job = github.view().job(int(number)) if number.isdecimal() else None
        if job is None:
            self.write(404, b"<Code>BlobNotFound</Code>", {})
            return
        kind = github.blobs_as.lasting.get(job.id)
        if isinstance(kind, int):
            self.fail(kind)
        elif kind == "page":
            self.write(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})
        elif kind == "link":
            self.write(302, b"", {"Location": "http://[nowhere"})
        elif kind == "cut":
            self.write(200, b"error: half a line\n" * 9, {"Content-Type": "text/plain"}, cut=True)
        else:
            self.give((github.logs.get(job.id) or rest.log_text(job)).encode())

    def fail(self, status: int) -> None:
        """Answer with a failure."""
        if status:
            self.write(status, b"<Code>ServerBusy</Code>", {})
        else:
            self.reset()

    def give(self, text: bytes) -> None:
        """Answer with a text; like the real host's, a range has a beginning: bytes=1000-."""
        kind = {"Content-Type": "text/plain; charset=utf-8"}
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted and self.github.blobs_as.ranges:
            first = int(wanted[1])
            kind["Content-Range"] = f"bytes {first}-{len(text) - 1}/{len(text)}"
            self.write(206, text[first:], kind)
        elif self.github.blobs_as.lengths:
            self.write(200, text, kind)
        else:
            self.stream(text)

    def stream(self, text: bytes) -> None:
        """Answer piece by piece, without saying how many there are."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for first in range(0, len(text), PIECE):
            piece = text[first : first + PIECE]
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

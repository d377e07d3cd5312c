"""The end of a job's log, from the host that keeps it: the token never goes there.

https://docs.github.com/rest/actions/workflow-jobs#download-job-logs-for-a-workflow-run
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import requests
from requests.exceptions import RequestException
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from backfill.http.api_rules import read_count
from backfill.http.client import Client
from backfill.http.errors import GONE, MOVED, ApiError
from engines.kind import is_loopback

KEPT = 4 * 1024 * 1024
"""Bytes of the end that are read; what failed stands there."""
MOST = 64 * 1024 * 1024
"""Bytes that are read to come to the end, where the host does not say how many there are."""
PIECE = 65_536
SECONDS = 120.0
"""The longest that one log may take: a host may send a byte now and then."""
TIMEOUT = (10, 30)
HOPS = TRIES = 3


class JobLog(NamedTuple):
    """A log's text, or why there is none (gone, huge); `is_whole` where nothing was left out."""

    text: str = ""
    absence: str | None = None
    is_whole: bool = True


def read_log(client: Client, path: str) -> JobLog:
    """Return the log that GET `path` of the API leads to, at most KEPT bytes of its end.

    The link lives for a minute: one that fails is asked for again, once. Raises ApiError (of the
    API, or with the status 0 when the host of the log fails), BudgetSpent, RequestsStopped.
    """
    try:
        return download(client, client.redirect_target(path, TRIES))
    except ApiError as problem:
        if problem.is_gone:
            return JobLog(absence="gone")
        if not problem.is_unanswered:
            raise
    return download(client, client.redirect_target(path, TRIES))


def download(client: Client, url: str) -> JobLog:
    """Return the log at `url`. Raises ApiError with the status 0 when the host fails."""
    try:
        with open_url(client, url) as response:
            if response.status_code in GONE:
                return JobLog(absence="gone")
            length = read_count(response.headers.get("Content-Length", "")) or 0
            if length <= KEPT:
                return read_end(response)
        first = length - KEPT
        with open_url(client, url, {"Range": f"bytes={first}-"}) as response:
            if response.status_code == 206:
                return read_end(response)._replace(is_whole=False)
    except (RequestException, HTTPError, ValueError) as error:
        # The error's text may hold the link, which opens the log to whoever has it.
        raise ApiError(f"the host of the logs fails ({type(error).__name__})") from None
    return JobLog(absence="huge")


@contextmanager
def open_url(
    client: Client, url: str, headers: dict[str, str] | None = None
) -> Iterator[requests.Response]:
    """Give the answer to GET `url`, its body unread. Raises ApiError.

    A session of its own: no token, no cookie, nothing of ~/.netrc.
    """
    with requests.Session() as session:
        session.trust_env = False
        session.verify = client.verify
        session.headers["User-Agent"] = "runledger"
        session.headers["Accept-Encoding"] = "identity"
        for _ in range(HOPS):
            check_safe_url(client, url)
            response = session.get(
                url,
                headers=headers,
                proxies=get_environ_proxies(url),
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            )
            if response.status_code not in MOVED:
                break
            url = urljoin(url, response.headers.get("location", ""))
        if response.status_code not in {200, 206, *GONE}:
            raise ApiError(f"the host of the logs answers {response.status_code}")
        yield response


def check_safe_url(client: Client, url: str) -> None:
    """Raise ApiError unless `url` is https; the API on this machine may lead to http there."""
    target, ours = urlsplit(url), urlsplit(client.base)
    if target.scheme == "https":
        return
    if target.scheme == ours.scheme == "http" and is_loopback(target.hostname):
        return
    raise ApiError(f"GitHub's answer leads to {target.scheme}://{target.hostname}: not followed")


def read_end(response: requests.Response) -> JobLog:
    """Return the end of a body; `huge` where there is too much before it. Raises ApiError."""
    if "text/html" in response.headers.get("Content-Type", "").lower():
        raise ApiError("the host of the logs answers with a page in a log's place")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise ApiError("the host of the logs packs them, though it was not asked to")
    until, received, end = time.monotonic() + SECONDS, 0, b""
    while piece := response.raw.read1(PIECE, decode_content=False):
        received += len(piece)
        end = (end + piece)[-KEPT:] if len(end) > KEPT else end + piece
        if received > MOST:
            return JobLog(absence="huge")
        if time.monotonic() > until:
            raise ApiError("the host of the logs is too slow")
    text = end[-KEPT:].decode(errors="replace")
    return JobLog(text, is_whole=received <= KEPT)

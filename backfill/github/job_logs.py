"""A job's log, from the host that keeps it: the token never goes there. And issues about it.

https://docs.github.com/rest/actions/workflow-jobs#download-job-logs-for-a-workflow-run
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

import requests
from requests.exceptions import RequestException
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from backfill.http.api_rules import read_count
from backfill.http.client import Client
from backfill.http.errors import GONE, MOVED, ApiError
from backfill.http.list_body import read_items
from engines.reaching.loopback import is_loopback
from rows import fields
from rows.logs.stream import LineBlocks, LogReader
from store.state.error_issues import ErrorIssue

MOST = 64 * 1024 * 1024
"""Bytes of a log that is read whole."""
KEPT = 4 * 1024 * 1024
"""Bytes of the end that are read of a longer one; what failed stands there."""
PIECE = 65_536
SECONDS = 120.0
"""The longest that one log may take: a host may send a byte now and then."""
TIMEOUT = (10, 30)
HOPS = TRIES = 3


Readers = TypeVar("Readers", bound=Sequence[LogReader])


class JobLog(NamedTuple, Generic[Readers]):
    """Whether a log was read: why not (gone, huge), and whether nothing of it was left out."""

    readers: Readers | None = None
    """What was made to read it, and did."""
    absence: str | None = None
    is_whole: bool = True


def read_log(client: Client, path: str, make_readers: Callable[[], Readers]) -> JobLog[Readers]:
    """Give the log that GET `path` of the API leads to, in one pass, to readers made for it.

    Of a log that is longer than MOST they see the last KEPT bytes. The link lives for a minute:
    one that fails is asked for again, once, with new readers. Raises ApiError (of the API, or with
    the status 0 when the host of the log fails), BudgetSpent, RequestsStopped.
    """
    try:
        return download(client, client.redirect_target(path, TRIES), make_readers())
    except ApiError as problem:
        if problem.is_gone:
            return JobLog(absence="gone")
        if not problem.is_unanswered:
            raise
    return download(client, client.redirect_target(path, TRIES), make_readers())


def download(client: Client, url: str, readers: Readers) -> JobLog[Readers]:
    """Read the log at `url`. Raises ApiError with the status 0 when the host fails."""
    try:
        with open_url(client, url) as response:
            if response.status_code in GONE:
                return JobLog(absence="gone")
            length = read_count(response.headers.get("Content-Length", "")) or 0
            if length <= MOST:
                return read_body(response, readers)
        first = length - KEPT
        with open_url(client, url, {"Range": f"bytes={first}-"}) as response:
            if response.status_code == 206:
                return read_body(response, readers)._replace(is_whole=False)
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


def read_body(response: requests.Response, readers: Readers) -> JobLog[Readers]:
    """Give a body to the readers; `huge` where it has no end in sight. Raises ApiError."""
    if "text/html" in response.headers.get("Content-Type", "").lower():
        raise ApiError("the host of the logs answers with a page in a log's place")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise ApiError("the host of the logs packs them, though it was not asked to")
    until, received, blocks = time.monotonic() + SECONDS, 0, LineBlocks(readers)
    while piece := response.raw.read1(PIECE, decode_content=False):
        received += len(piece)
        blocks.feed(piece)
        if received > MOST:
            return JobLog(absence="huge")
        if time.monotonic() > until:
            raise ApiError("the host of the logs is too slow")
    blocks.end()
    return JobLog(readers)


def search_issues(client: Client, name: str, words: str) -> list[ErrorIssue]:
    """Return a repository's issues that hold these words in title or body. Raises ApiError.

    https://docs.github.com/rest/search/search#search-issues-and-pull-requests
    """
    query = urlencode({"q": f'"{words}" is:issue repo:{name} in:title,body', "per_page": 20})
    at, listed = "search.issues", read_items(client.get(f"/search/issues?{query}").body, "items")
    issues = [issue for issue in listed if isinstance(issue, dict)]
    return [
        ErrorIssue(
            fields.number(issue, "number", at) or 0,
            fields.text(issue, "title", at) or "",
            fields.text(issue, "state", at) or "",
            fields.text(issue, "html_url", at) or "",
        )
        for issue in issues
    ]

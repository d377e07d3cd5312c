"""A vendor's API over HTTP: one request with its limits, retries, ETags and redirects."""

import os
import random
import threading
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from requests.exceptions import RequestException
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from backfill.http.answer_body import TooMuch, parse_json, read_body
from backfill.http.api_rules import PAGE_TRIES, Action, Judgement, read_count
from backfill.http.errors import OK, ApiError, breaks_off, explain_no_json
from backfill.http.rate_limit import RateLimit

SECOND = 1.0
"""Length of a second of the server's; tests run its clock faster."""
TRIES = 5
LIMIT_TRIES = 12
NOT_MODIFIED = 304
HOPS = 5
TIMEOUT = (10, 40)
LONGEST_PAUSE = 60
LONGEST_WAIT = 900
OWN_AUTHORITY = "REQUESTS_CA_BUNDLE may name a file with the authority's"


class ApiAnswer(NamedTuple):
    """What the server gave: `body` None when it is unchanged; `nextpage` a path, None at the end.

    `pages` is the number of the last page; `moved` tells that a redirect was followed.
    """

    body: Any
    etag: str | None
    nextpage: str | None
    pages: int
    moved: bool


class ApiRequest(NamedTuple):
    """What is asked: a path below the API's address, and JSON to send with it."""

    method: str
    path: str
    etag: str | None = None
    body: Any = None


class ApiReply(NamedTuple):
    """A response that came whole, and its body read as JSON; None where it is none."""

    response: requests.Response
    body: Any


class Client:
    """Asks one server, from many threads; the token goes to that server only."""

    def __init__(self, base: str, token: str | None, rate_limit: RateLimit) -> None:
        self.rules = rate_limit.rules
        self.base = base.rstrip("/")
        self.token = token
        self.rate_limit = rate_limit
        self.timeout, self.local = TIMEOUT, threading.local()
        self.proxies = get_environ_proxies(self.base)
        bundles = (os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
        self.verify: str | bool = next(filter(None, bundles), True)

    def get(self, path: str, etag: str | None = None, tries: int = TRIES) -> ApiAnswer:
        """Return the answer to GET `path`, which begins with a slash.

        Waits, follows and tries again as needed. Raises ApiError with a sentence for people,
        BudgetSpent and RequestsStopped.
        """
        reply, moved = self.request_until_answered(ApiRequest("GET", path, etag), tries)
        return self.read_answer(reply, moved=moved)

    def send(self, method: str, path: str, body: Any = None, tries: int = TRIES) -> ApiAnswer:
        """Return the answer to a request that changes something; `body` goes as JSON.

        It may arrive twice: an answer that is lost on its way is asked for again. Raises as `get`.
        """
        reply, moved = self.request_until_answered(ApiRequest(method, path, None, body), tries)
        return self.read_answer(reply, moved=moved)

    def redirect_target(self, path: str, tries: int = TRIES) -> str:
        """Return where GET `path` leads outside the API, as logs do; it is not followed.

        Raises as `get`, and ApiError where the answer is no such redirect.
        """
        reply, _ = self.request_until_answered(ApiRequest("GET", path), tries, outside=True)
        location = reply.response.headers.get("location", "")
        if not location:
            raise ApiError(f"{self.rules.title}'s answer leads nowhere", reply.response.status_code)
        return urljoin(reply.response.url, location)

    def request_until_answered(
        self, request: ApiRequest, tries: int, *, outside: bool = False
    ) -> tuple[ApiReply, bool]:
        """Return the reply to a request, and whether it moved; `outside` takes a way out, too."""
        url, hops, failures, refusals = f"{self.base}{request.path}", 0, 0, 0
        while True:
            reply, judgement = self.request_once(url, request)
            if reply is not None and judgement.action is Action.TAKE:
                return reply, hops > 0
            if reply is not None and judgement.action is Action.FOLLOW and hops < HOPS:
                location = urljoin(url, reply.response.headers.get("location", ""))
                if outside and not location.startswith(f"{self.base}/"):
                    return reply, hops > 0
                url, hops = self.check_same_host(url, location), hops + 1
            elif judgement.action is Action.WAIT and refusals < LIMIT_TRIES:
                refusals += 1
                self.wait_for_limit(judgement.seconds, refusals)
            elif (
                judgement.action is Action.AGAIN
                and failures < (judgement.tries or tries) - 1
                and (judgement.seconds or 0) <= LONGEST_PAUSE
            ):  # who asks to come back much later is left until then
                failures += 1
                self.back_off(judgement, failures)
            else:
                why = judgement.why or f"{self.rules.title} sends us round in circles"
                raise ApiError(why, 0 if reply is None else reply.response.status_code)

    def request_once(self, url: str, request: ApiRequest) -> tuple[ApiReply | None, Judgement]:
        """Send one request; return its answer, if there is a whole one, and what it means."""
        headers = {"If-None-Match": request.etag} if request.etag else {}
        self.rate_limit.enter()
        response = None
        try:
            response = self.open_session().request(
                request.method,
                url,
                json=request.body,
                headers=headers,
                timeout=self.timeout,
                allow_redirects=False,
                stream=True,
            )
            content = read_body(response)
        except TooMuch as error:
            return None, Judgement(Action.REFUSE, None, f"{self.rules.title}'s answer {error}")
        except (RequestException, HTTPError, ValueError) as error:
            return None, Judgement(Action.AGAIN, None, self.explain_failure(error))
        finally:
            # Of a key that is not accepted it tells the limit of those without one.
            trusted = None if response is None or response.status_code == 401 else response
            self.rate_limit.leave(None if trusted is None else trusted.headers)
        body = parse_json(content)
        if response.status_code == OK and body is None:
            again = Judgement(Action.AGAIN, None, explain_no_json(self.rules.title, content))
            if breaks_off(content):
                return None, again
            return ApiReply(response, None), again._replace(tries=PAGE_TRIES)
        if response.status_code == NOT_MODIFIED and request.etag is None:
            why = f"{self.rules.title} says that a page is as it was, which was not asked"
            return None, Judgement(Action.AGAIN, None, why)
        message = self.rules.message_of(body)
        judgement = self.rules.judge(response.status_code, response.headers, message)
        return ApiReply(response, body), judgement

    def open_session(self) -> requests.Session:
        """Return this thread's session: connections are kept open and not shared."""
        session: requests.Session | None = getattr(self.local, "session", None)
        if session is None:
            session = self.local.session = requests.Session()
            # The environment is read once, not with each request, and ~/.netrc never: what it
            # holds would take the token's place.
            session.trust_env = False
            session.proxies = self.proxies
            session.verify = self.verify
            session.headers.update(self.rules.headers)
            session.headers["User-Agent"] = "runledger"
            if self.token:
                session.headers.update(self.rules.authorization(self.token))
        return session

    def check_same_host(self, url: str, location: str) -> str:
        """Return where a link leads. Raises ApiError when that is not the API: the token stays.

        A server behind a proxy may call itself by another scheme: ours leads there, too.
        """
        target = urljoin(url, location)
        ours, theirs = urlsplit(self.base), urlsplit(target)
        is_it = theirs.hostname == ours.hostname and theirs.path.startswith(f"{ours.path}/")
        if is_it and theirs.scheme != ours.scheme:
            theirs = theirs._replace(scheme=ours.scheme, netloc=ours.netloc)
            target = theirs.geturl()
        if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
            why = f"leads to another host, {theirs.netloc!r}: not followed"
            raise ApiError(f"{self.rules.title}'s answer {why}")
        return target

    def read_answer(self, reply: ApiReply, *, moved: bool) -> ApiAnswer:
        """Return what a response holds."""
        try:
            links = reply.response.links
            link = links.get("next", {}).get("url")
            nextpage = None
            if link:
                nextpage = self.check_same_host(reply.response.url, link).removeprefix(self.base)
            last = parse_qs(urlsplit(links.get("last", {}).get("url", "")).query)
        except ValueError as error:
            raise ApiError(f"{self.rules.title}'s answer has a link that is none") from error
        pages = read_count(last.get("page", ["1"])[0]) or 1
        return ApiAnswer(reply.body, reply.response.headers.get("ETag"), nextpage, pages, moved)

    def wait_for_limit(self, seconds: int | None, refusals: int) -> None:
        """Hold all requests back as long as the server says, else longer each time."""
        growing = min(LONGEST_WAIT, 60 * 2 ** (refusals - 1))
        if seconds is not None:
            growing = max(seconds, growing // 16 if refusals > 1 else 0)
        elif self.rate_limit.is_used_up():
            self.rate_limit.pause_until_reset()
            return
        self.rate_limit.pause(growing * SECOND)

    def back_off(self, judgement: Judgement, failures: int) -> None:
        """Wait before a request is tried again, longer each time; others go on."""
        pause = judgement.seconds or min(LONGEST_PAUSE, 2 ** (failures - 1))
        self.rate_limit.announce(pause * SECOND, judgement.why or "")
        self.rate_limit.rest(pause * SECOND * random.uniform(0.75, 1.25))  # noqa: S311 - no secret

    def explain_failure(self, error: Exception) -> str:
        """Return in a few words why there is no answer; never the URL's query."""
        text, title, address = str(error), self.rules.title, self.rules.address
        host = urlsplit(self.base).hostname
        if "NameResolutionError" in text or "Failed to resolve" in text:
            return f"{host} is not known here: is there a network, or a proxy to be named?"
        if "refused" in text:
            return f"{host} refuses the connection"
        if isinstance(error, requests.exceptions.SSLError):
            return f"the certificate of {address} does not hold ({OWN_AUTHORITY})"
        if isinstance(error, requests.Timeout):
            return f"{title} does not answer in time"
        return f"the connection to {title} broke off"

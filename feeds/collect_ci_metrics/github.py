"""Ask GitHub's REST API, and say which answers are no answers."""

import json
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

TRIES = 3


class NotThere(Exception):
    """GitHub has it not, or not for us."""


class TryLater(Exception):
    """GitHub does not answer now, or not any more in this hour."""


class SameHost(urllib.request.HTTPRedirectHandler):
    """Takes the token along where a redirect, as of a renamed repository, stays at its server."""

    def redirect_request(self, req: Any, *args: Any) -> Any:
        made = super().redirect_request(req, *args)
        if made is not None and urlsplit(made.full_url)[:2] == urlsplit(req.full_url)[:2]:
            token = req.unredirected_hdrs.get("Authorization")
            if token:
                made.add_unredirected_header("Authorization", token)
        return made


class Github:
    """The API, as a token or nobody sees it."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url.rstrip("/"), token
        self.opener = urllib.request.build_opener(SameHost)
        self.date = ""
        """When it answered last, by its own clock."""

    def now(self) -> datetime:
        """Return the time by GitHub's clock: ours may be wrong, and be put right later."""
        try:
            return parsedate_to_datetime(self.date).astimezone(UTC).replace(microsecond=0)
        except (ValueError, TypeError):
            return datetime.now(UTC).replace(microsecond=0)

    def get(self, path: str) -> Any:
        """Return what a path answers. Raises NotThere, TryLater."""
        for left in reversed(range(TRIES)):
            try:
                return self.ask(path)
            except (OSError, HTTPException) as error:  # cut, too
                if not left:
                    raise TryLater(f"{path}: {error}") from error
                print(f"{path}: {error}, asked again", file=sys.stderr)
                time.sleep(0.5)
        raise AssertionError("the last try returns or raises")

    def ask(self, path: str) -> Any:
        headers = {"Accept": "application/vnd.github+json", "User-Agent": "runledger-feed"}
        request = urllib.request.Request(f"{self.url}{path}", headers=headers)  # noqa: S310 - the operator's server
        if self.token:
            request.add_unredirected_header("Authorization", f"Bearer {self.token}")
        try:
            with self.opener.open(request, timeout=60) as answer:
                self.date = answer.headers.get("Date", "")
                return json.load(answer)
        except urllib.error.HTTPError as error:
            left = error.headers.get("x-ratelimit-remaining")
            if error.code == 429 or (
                error.code == 403 and (left == "0" or error.headers.get("retry-after"))
            ):
                raise TryLater(f"{path}: GitHub's limit of calls is reached") from error
            if error.code == 401 and self.token:
                print("GitHub refuses the token (401)", file=sys.stderr)
            if error.code in (401, 403, 404, 410, 451):
                raise NotThere(path) from error
            raise
        except ValueError as error:
            raise TryLater(f"{path}: no JSON") from error

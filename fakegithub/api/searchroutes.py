"""GET /search/issues: its words, its qualifiers, and its own limit of 30 a minute.

https://docs.github.com/en/rest/search/search#search-issues-and-pull-requests
"""

import math
import re

from fakegithub.api import access
from fakegithub.api.answers import Answer, Call, error, invalid
from fakegithub.api.limits import Limits
from fakegithub.api.pages import page_of
from fakegithub.payloads.templates import API, WEB, Json

MOST = 30
DEPTH = 1000
TERM = re.compile(r'(\w+):(\S+)|"([^"]*)"|(\S+)')


def issues(call: Call, limits: Limits) -> Answer:
    """Answer a search among the issues of the repositories that the key may see."""
    used = limits.count_search(call.token)
    headers = {
        "X-RateLimit-Limit": str(MOST),
        "X-RateLimit-Remaining": str(max(0, MOST - used)),
        "X-RateLimit-Used": str(used),
        "X-RateLimit-Reset": str(math.ceil(limits.clock() + 60 / limits.scale)),
        "X-RateLimit-Resource": "search",
    }
    if used > MOST:
        return error(403, "API rate limit exceeded for user ID 1.")._replace(headers=headers)
    terms = TERM.findall(call.query.get("q", ""))
    qualifiers = [(name, value) for name, value, _, _ in terms if name]
    if ("is", "issue") not in qualifiers and ("type", "issue") not in qualifiers:
        return invalid("Search", "q")
    named = [value.lower() for name, value in qualifiers if name == "repo"]
    words = [(phrase or word).lower() for name, _, phrase, word in terms if not name]
    found = [
        issue(call, number, made)
        for number, made in enumerate(call.issues, start=1)
        if all(name == made["repo"].lower() for name in named)
        and is_seen(call, made["repo"])
        and all(word in f"{made['title']}\n{made['body']}".lower() for word in words)
    ]
    page = page_of(call, found, path="/search/issues", depth=DEPTH)
    body = {"total_count": len(found), "incomplete_results": False, "items": page.items}
    return Answer(200, body, {**page.headers, **headers})


def is_seen(call: Call, name: str) -> bool:
    """Tell whether the key may see a repository."""
    repo = call.view.repo_named(name)
    return repo is not None and access.can_see(call.token, repo)


def issue(call: Call, number: int, made: Json) -> Json:
    """Return an issue as a search gives it."""
    return {
        "url": f"{API}/repos/{made['repo']}/issues/{number}",
        "repository_url": f"{API}/repos/{made['repo']}",
        "html_url": f"{WEB}/{made['repo']}/issues/{number}",
        "id": 3_000_000_000 + number,
        "number": number,
        "title": made["title"],
        "state": made.get("state", "open"),
        "body": made["body"],
        "labels": [],
        "assignees": [],
        "comments": 0,
        "score": 1.0,
    }

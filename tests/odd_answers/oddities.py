"""What is put in place of a field, a header or a body, drawn from a seed."""

import copy
from random import Random
from typing import Any

from fakegithub.api.answers import Answer

ABSENT = object()
VALUES: tuple[Any, ...] = (
    ABSENT,
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**63,
    10**40,
    -(10**40),
    1.5,
    1e308,
    "",
    "x",
    "x" * 5000,
    "null",
    "2026-13-45T99:99:99Z",
    "9999-12-31T23:59:59-23:59",
    "a\nb\x00c",
    [],
    [None],
    [[]],
    ["x", 1],
    {},
    {"id": {}},
    {"": None},
)
HEADERS: tuple[dict[str, str], ...] = (
    {"Link": '<{self}>; rel="next"'},
    {"Link": '<{self}>; rel="next", <{self}&page=x>; rel="last"'},
    {"Link": '<http://[::1>; rel="next"'},
    {"Link": '<https://example.org/>; rel="next"'},
    {"Link": "<<>>;;rel=next"},
    {"Retry-After": "315360000"},
    {"X-RateLimit-Reset": "99999999999", "X-RateLimit-Remaining": "0"},
    {"X-RateLimit-Limit": "-1", "X-RateLimit-Remaining": "many"},
    {"X-RateLimit-Reset": "9" * 300},
    {"GitHub-Authentication-Token-Expiration": "0001-01-01 00:00:00 +2359"},
    {"Content-Encoding": "gzip"},
    {"Content-Type": "text/html"},
)
BODIES = ("", "null", "0", '"x"', "[]", "{}", "[null]", "<html></html>", "[" * 3000, '{"a":')
BROKEN = ("", "null", "0", '"x"', "[null]", "<html></html>", "[" * 3000, '{"a":')
"""Bodies that nobody can take for what was asked."""
LOCATIONS = ("", "/", "http://[x", "ftp://x/", "http://logs.example.org/", "http://127.0.0.1:1/x")


def make_broken(answer: Answer, draw: Random) -> Answer:
    """Return an answer that is none."""
    return Answer(200, draw.choice(BROKEN), {})


def make_odd(answer: Answer, url: str, draw: Random) -> Answer:
    """Return an answer with one thing about it that is odd; `url` is where it was asked for."""
    if answer.status == 302:
        return answer._replace(headers={"Location": draw.choice(LOCATIONS)})
    kind = draw.random()
    if kind < 0.1:
        return answer._replace(body=draw.choice(BODIES))
    if kind < 0.25:
        odd = draw.choice(HEADERS)
        headers = {name: value.replace("{self}", url) for name, value in odd.items()}
        return answer._replace(headers={**answer.headers, **headers})
    body = copy.deepcopy(answer.body)
    places = list(list_places(body))
    if not places:
        return answer._replace(body=draw.choice(BODIES))
    holder, key = draw.choice(places)
    value = draw.choice(VALUES)
    if value is not ABSENT:
        holder[key] = value
    else:
        del holder[key]
    return answer._replace(body=body)


def list_places(body: Any) -> Any:
    """Yield each field of each object, and each item of each list, with what holds it."""
    keys = body.keys() if isinstance(body, dict) else range(len(body))
    if isinstance(body, dict | list):
        for key in list(keys):
            yield body, key
            if isinstance(body[key], dict | list):
                yield from list_places(body[key])

"""The recorded payloads as templates, and the small objects all payloads share.

Nothing here knows a story: ids, times and names come in, new JSON objects in GitHub's shape
go out (only `recorded` hands out shared ones).
"""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]

API = "https://api.github.com"
WEB = "https://github.com"
RECORDED = Path(__file__).parents[2] / "tests" / "fixtures" / "github"
ZERO_SHA = "0" * 40


@cache
def recorded(name: str) -> Json:
    """Return a recorded payload, e.g. `workflow_job__completed_success`: shared, do not change."""
    payload: Json = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    return payload


# The times of one job come back in its steps and in each answer about it: formatting them took
# half the time of a list of jobs.
@lru_cache(maxsize=65_536)
def iso(moment: datetime | None) -> str | None:
    """Format an aware time as GitHub does: UTC, whole seconds, `Z`."""
    if moment is None:
        return None
    return f"{moment.astimezone(UTC).isoformat()[:19]}Z"


@lru_cache(maxsize=65_536)
def iso_offset(moment: datetime | None, minutes: int = -300) -> str | None:
    """Format an aware time as the REST API does for steps: local offset and milliseconds."""
    if moment is None:
        return None
    zone = timezone(timedelta(minutes=minutes))
    return moment.astimezone(zone).isoformat(timespec="milliseconds")


def epoch(moment: datetime) -> int:
    """Return whole seconds since 1970, as push payloads give repository times."""
    return int(moment.timestamp())


def number_for(text: str, digits: int = 8) -> int:
    """Return a stable number for a text: the same login always has the same user id."""
    most: int = 10**digits
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % most + 1


def sha_for(text: str) -> str:
    """Return a stable 40-character lower-case sha for a text."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def node_id(prefix: str, *ids: int) -> str:
    """Return a node id of the present format: base64 of the msgpack array [0, *ids]."""
    packed = bytes([0x91 + len(ids), 0])
    for number in ids:
        packed += b"\xce" + number.to_bytes(4, "big") if number < 2**32 else _long(number)
    return f"{prefix}_{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"


def _long(number: int) -> bytes:
    return b"\xcf" + number.to_bytes(8, "big")


def user(login: str, *, kind: str = "User") -> Json:
    """Return a user or organisation as payloads embed it (18 keys)."""
    return dict(_user(login, kind))


@lru_cache(maxsize=4096)
def _user(login: str, kind: str) -> Json:
    template = recorded("workflow_job__waiting_for_approval")["sender"]
    number = number_for(login)
    values = _renamed(template, template["login"], login)
    return {
        **values,
        "id": number,
        "node_id": node_id("O" if kind == "Organization" else "U", number),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4",
        "type": kind,
        "site_admin": False,
    }


def organization(login: str) -> Json:
    """Return the top-level `organization` object of payloads from an organisation."""
    template = recorded("workflow_run__completed_success")["organization"]
    number = number_for(login)
    return {
        **_renamed(template, template["login"], login),
        "id": number,
        "node_id": node_id("O", number),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4",
        "description": "",
    }


@lru_cache(maxsize=1024)
def repository_links(full_name: str) -> Json:
    """Return the url fields of a repository, in the template's order."""
    template = recorded("workflow_job__waiting_for_approval")["repository"]
    links = _renamed(template, template["full_name"], full_name)
    return {key: value for key, value in links.items() if key == "url" or key.endswith("_url")}


def _renamed(template: Json, old: str, new: str) -> Json:
    return {
        key: value.replace(old, new) if isinstance(value, str) else value
        for key, value in template.items()
    }

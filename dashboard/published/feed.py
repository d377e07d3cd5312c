"""`/feed.atom`: default branches that turned red or green again, for a feed reader.

https://www.rfc-editor.org/rfc/rfc4287
"""

import re
import uuid
from collections.abc import Iterator
from datetime import datetime, time
from html import escape

from flask import Blueprint, Response, g, request, url_for

from alerts import turn_text
from config.groups import group_of
from dashboard.pages.nights import group_names
from dashboard.view.formats import query
from dashboard.view.night_matrix import NO_GROUP
from dashboard.web import filters, names
from dashboard.web.request import site, store
from rows.one_line import visible
from store.history.missed_turns import read_missed
from store.history.turn_list import DatedTurn, list_turns
from store.reads.runs import list_repos

TITLE = ""
blueprint = Blueprint("feed", __name__)
MOST = 50
FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold: https://www.w3.org/TR/xml/#charsets"""


@blueprint.get("/feed.atom")
def show() -> Response:
    """Return the newest turns, of a repository, of a group or of all. Raises BadFilter."""
    group = filters.choice("group", ("", *group_names()), "")
    repoid = names.read_repo()
    filters.check_known()
    repoids = None
    if repoid is not None or group:
        repoids = {one.Id for one in list_repos(store()) if repoid in (None, one.Id)}
    if group and repoids is not None:
        repoids &= {one.Id for one in list_repos(store()) if group == name_of_group(one.name)}
    turns = list_turns(store(), MOST, repoids, read_missed(store(), site().plan, g.now))
    text = "\n".join([*write_feed(turns), ""])
    response = Response(text, mimetype="application/atom+xml")
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def name_of_group(repo: str) -> str:
    """Return the group that a repository is of."""
    group = group_of(site().plan.groups, repo)
    return group.name if group else NO_GROUP


def base() -> str:
    """Return where people reach the pages: where this was asked for, if nobody said."""
    return site().settings.dashboard_url or request.url_root.rstrip("/")


def write_feed(turns: list[DatedTurn]) -> Iterator[str]:
    """Yield the lines of a feed."""
    own = f"{base()}{query(url_for('feed.show'), **request.args.to_dict())}"
    newest = turns[0].time if turns else datetime.combine(g.now.date(), time())
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield '<feed xmlns="http://www.w3.org/2005/Atom">'
    yield f"<id>{make_id(own)}</id>"
    yield "<title>Runledger: default branches</title>"
    yield f"<updated>{time_of(newest)}</updated>"
    yield "<author><name>Runledger</name></author>"
    yield f'<link rel="self" type="application/atom+xml" href="{xml(own)}"/>'
    yield f'<link rel="alternate" type="text/html" href="{xml(base())}/"/>'
    for dated in turns:
        yield from write_entry(dated)
    yield "</feed>"


def write_entry(dated: DatedTurn) -> Iterator[str]:
    """Yield the lines of a turn."""
    turn = dated.turn
    key = (turn.turn, turn.provider, turn.repoid, turn.workflowgitid, turn.rungitid)
    link = turn_text.page_of(turn, base())
    yield "<entry>"
    yield f"<id>{make_id(repr(key))}</id>"
    yield f"<title>{xml(turn_text.title_of([turn]))}</title>"
    yield f"<updated>{time_of(dated.time)}</updated>"
    yield f'<link rel="alternate" type="text/html" href="{xml(link or base())}"/>'
    yield f'<category term="{turn.turn}"/>'
    yield f'<summary type="text">{xml(turn_text.describe(turn, site().calendar))}</summary>'
    yield "</entry>"


def make_id(text: str) -> str:
    """Return what names an entry for ever, wherever the pages move."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'runledger:{text}')}"


def time_of(moment: datetime) -> str:
    """Return a UTC time as RFC 3339 has it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def xml(text: str) -> str:
    """Return a text as it may stand in an element or an attribute, without signs that turn it."""
    return escape(visible(FORBIDDEN.sub("\ufffd", text)))

"""`/badge.svg?repo=&workflow=` (or `workflowgitid=`): how it stands on the default branch."""

from html import escape

from flask import Blueprint, Response, request

from dashboard.view import formats
from dashboard.web import filters, names
from dashboard.web.request import store
from rows.words import SUCCESS
from store.history.main_now import MainRun, list_main

TITLE = ""
blueprint = Blueprint("badge", __name__)
LONGEST = 40
LETTER, PAD, HEIGHT = 6.6, 6.0, 20
"""Pixels; letters of 11 pixels are at most so wide in nearly every text, and are fitted."""
COLORS = {"passing": "#17784a", "failing": "#c0273a", "no runs": "#6b7484"}


@blueprint.get("/badge.svg")
def show() -> Response:
    """Return the badge of a workflow, or of all workflows of a repository. Raises BadFilter."""
    repoid = names.read_repo()
    gitid, name = filters.whole("workflowgitid"), filters.text("workflow")
    filters.check_known()
    if repoid is None:
        raise filters.BadFilter("A badge is of a repository: repo=org/name.")
    runs = [run for run in list_main(store(), repoid) if is_chosen(run, gitid, name)]
    label = name or (runs[0].workflow if gitid is not None and runs else None) or "CI"
    response = Response(draw_badge(label, state_of(runs)), mimetype="image/svg+xml")
    # Shown in a README by a proxy, which asks again each time, and gets all of it once it changed.
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.add_etag()
    response.make_conditional(request)
    return response


def is_chosen(run: MainRun, gitid: int | None, name: str) -> bool:
    """Tell whether a workflow is asked for; all are where none is named."""
    if gitid is not None:
        return run.workflowgitid == gitid
    return not name or (run.workflow or "").casefold() == name.casefold()


def state_of(runs: list[MainRun]) -> str:
    """Return what workflows say together."""
    if not runs:
        return "no runs"
    return "passing" if all(run.conclusion == SUCCESS for run in runs) else "failing"


def draw_badge(label: str, state: str) -> str:
    """Return the picture: nothing in it runs, loads or links."""
    label = formats.first_line(label, LONGEST)
    left, right = (round(len(text) * LETTER + 2 * PAD) for text in (label, state))
    width = left + right
    said = escape(f"{label}: {state}")

    def text(words: str, begin: int, space: int) -> str:
        length = round(space - 2 * PAD)
        place = f'x="{begin + PAD:g}" y="14" textLength="{length}" lengthAdjust="spacingAndGlyphs"'
        return f"<text {place}>{escape(words)}</text>"

    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}"'
        f' role="img" aria-label="{said}"><title>{said}</title>'
        f'<rect width="{width}" height="{HEIGHT}" rx="3" fill="#3b4252"/>'
        f'<rect x="{left}" width="{right}" height="{HEIGHT}" rx="3" fill="{COLORS[state]}"/>'
        f'<rect x="{left}" width="4" height="{HEIGHT}" fill="{COLORS[state]}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{text(label, 0, left)}{text(state, left, right)}</g></svg>\n"
    )

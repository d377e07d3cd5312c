"""`/feeds`: what feeds were loaded, when they are next, and what their sources have no more."""

from flask import Blueprint, Response, request

from dashboard.pages import health
from dashboard.web import filters
from dashboard.web.request import csv_response, render_page, store
from store.feeds import load_history
from store.feeds.load_history import ORDERS, Load, LoadFilter

TITLE = health.TITLE
blueprint = Blueprint("feeds", __name__)
LOADS, GONE, SHEET = 50, 50, 1000
STATES = ("done", "failed", "running")


def read_wanted() -> LoadFilter:
    """Return which loads the URL asks for. Raises BadFilter."""
    return LoadFilter(
        filters.text("q"),
        filters.text("feed"),
        filters.choice("state", ("", *STATES), ""),
        filters.choice("sort", ORDERS, ORDERS[0]),
    )


@blueprint.get("/feeds")
def show() -> str:
    """Return the feeds and a page of their loads."""
    place = filters.whole("after") or 0
    listed = load_history.list_loads(store(), LOADS, read_wanted(), place)
    after = place + len(listed.loads)
    return render_page(
        "feeds.html",
        "Feeds",
        feeds=load_history.list_feeds(store()),
        listed=listed,
        place=place,
        after=after if after < listed.matching else None,
        states=STATES,
        sorts=ORDERS,
        kept={name: value for name, value in request.args.items() if name != "after"},
        registries=load_history.list_registries(store()),
        gone_packages=load_history.list_gone_packages(store(), GONE),
    )


@blueprint.get("/feeds.csv")
def download() -> Response:
    """Return the newest loads that the filters leave as CSV."""
    listed = load_history.list_loads(store(), SHEET, read_wanted())
    is_cut = listed.matching > len(listed.loads)
    return csv_response("feeds", Load._fields, listed.loads, is_cut=is_cut)

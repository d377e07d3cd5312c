"""`/feeds`: what feeds were loaded, when they are next, and what their sources have no more."""

from flask import Blueprint, Response

from dashboard.pages import health
from dashboard.web.request import csv_response, render_page, store
from store.feeds import load_history
from store.feeds.load_history import Load

TITLE = health.TITLE
blueprint = Blueprint("feeds", __name__)
LOADS, GONE, SHEET = 50, 50, 1000


@blueprint.get("/feeds")
def show() -> str:
    """Return the feeds and their newest loads."""
    return render_page(
        "feeds.html",
        TITLE,
        feeds=load_history.list_feeds(store()),
        loads=load_history.list_loads(store(), LOADS),
        registries=load_history.list_registries(store()),
        gone_packages=load_history.list_gone_packages(store(), GONE),
    )


@blueprint.get("/feeds.csv")
def download() -> Response:
    """Return the newest loads as CSV."""
    return csv_response("feeds", Load._fields, load_history.list_loads(store(), SHEET))

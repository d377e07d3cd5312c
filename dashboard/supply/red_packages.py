"""`/packages`: red default branches, the packages that come from them, and our red dependencies."""

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Blueprint, Response, jsonify, request

from dashboard.web import filters
from dashboard.web.request import csv_response, render_page, store
from store.history import packages_at_stake
from store.history.packages_at_stake import RedDependency, RedRepository, StakeFilter
from store.history.red_now import list_red
from store.packages.package_repositories import count_packages

TITLE = "Packages"
MOST_RED = 10_000
"""Workflows. Those that broke last come first, and the page begins with the longest red."""
blueprint = Blueprint("red_packages", __name__)


class Stakes(NamedTuple):
    """Both lists, as the URL filters and orders them."""

    repositories: list[RedRepository]
    mine: list[RedDependency]


SORTS: dict[str, Callable[[RedRepository], Any]] = {
    "longest": lambda red: red.since,
    "direct": lambda red: -max(package.direct for package in red.packages),
    "commits": lambda red: -max(package.commits or 0 for package in red.packages),
    "name": lambda red: red.name.casefold(),
}
"""What repositories are ordered by; of equal ones the longest red first."""


def read_stakes() -> Stakes:
    """Return what the URL asks for. Raises BadFilter."""
    wanted = StakeFilter(filters.text("q"), filters.text("manager"))
    order = filters.choice("sort", SORTS, "longest")
    red = list_red(store(), MOST_RED)
    repositories = packages_at_stake.list_at_stake(store(), red, wanted)
    mine = packages_at_stake.list_mine(store(), red, wanted)
    if order == "name":
        mine.sort(key=lambda package: package.name.casefold())
    return Stakes(sorted(repositories, key=SORTS[order]), mine)


@blueprint.get("/packages")
def show() -> str:
    """Return both lists."""
    stakes = read_stakes()
    managers = {one.manager for red in stakes.repositories for one in red.packages}
    return render_page(
        "red_packages.html",
        TITLE,
        repositories=stakes.repositories,
        mine=stakes.mine,
        managers=sorted(managers | {one.manager for one in stakes.mine}),
        sorts=SORTS,
        kept=dict(request.args.items()),
        known=count_packages(store()),
        variants=[("all", "/packages")],
    )


@blueprint.get("/packages.csv")
def download() -> Response:
    """Return the packages at stake as CSV."""
    titles = (
        "repository since manager package directory proof direct_dependents all_dependents version"
        " published releasedred commits_since median_days_between_releases"
    ).split()
    lines = [
        tuple(row.values())
        for repository in list_rows(read_stakes())
        for row in repository["packages"]
        for row in [{"repository": repository["repository"], "since": repository["since"], **row}]
    ]
    return csv_response("packages", titles, lines)


@blueprint.get("/packages.json")
def answer() -> Response:
    """Return both lists as JSON."""
    stakes = read_stakes()
    filters.check_known()
    mine = [
        {**each._asdict(), "since": each.since.isoformat(), "repository": each.repo}
        for each in stakes.mine
    ]
    return jsonify({"red": list_rows(stakes), "mine": mine})


def list_rows(stakes: Stakes) -> list[dict[str, Any]]:
    """Return the red repositories with their packages, as JSON says them."""
    return [
        {
            "repository": repository.name,
            "repoid": repository.repoid,
            "since": repository.since.isoformat(),
            "workflows": [each.workflow for each in repository.workflows],
            "packages": [name_values(package) for package in repository.packages],
        }
        for repository in stakes.repositories
    ]


def name_values(package: packages_at_stake.PackageAtStake) -> dict[str, Any]:
    """Return what is said of a package at stake."""
    release = package.release
    return {
        "manager": package.manager,
        "package": package.name,
        "directory": package.directory,
        "proof": package.proof,
        "direct": package.direct,
        "all": package.every,
        "version": release.version if release else None,
        "published": release.published.isoformat() if release else None,
        "releasedred": release.releasedred if release else None,
        "commits": package.commits,
        "gap": round(release.gap, 2) if release and release.gap is not None else None,
    }

"""`/packages`: red default branches, the packages that come from them, and our red dependencies."""

from typing import Any

from flask import Blueprint, Response, jsonify

from dashboard.web import filters
from dashboard.web.request import csv_response, render_page, store
from store.history import packages_at_stake
from store.history.red_now import list_red
from store.packages.package_repositories import count_packages

TITLE = "Packages"
blueprint = Blueprint("red_packages", __name__)


def read_mine() -> list[packages_at_stake.RedDependency]:
    """Return our dependencies whose CI is red."""
    return packages_at_stake.list_mine(store(), list_red(store()))


@blueprint.get("/packages")
def show() -> str:
    """Return both lists."""
    return render_page(
        "red_packages.html",
        TITLE,
        repositories=packages_at_stake.list_at_stake(store()),
        mine=read_mine(),
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
        for repository in list_rows()
        for row in repository["packages"]
        for row in [{"repository": repository["repository"], "since": repository["since"], **row}]
    ]
    return csv_response("packages", titles, lines)


@blueprint.get("/packages.json")
def answer() -> Response:
    """Return both lists as JSON."""
    filters.check_known()
    mine = [
        {**each._asdict(), "since": each.since.isoformat(), "repository": each.repo}
        for each in read_mine()
    ]
    return jsonify({"red": list_rows(), "mine": mine})


def list_rows() -> list[dict[str, Any]]:
    """Return the red repositories with their packages, as JSON says them."""
    return [
        {
            "repository": repository.name,
            "repoid": repository.repoid,
            "since": repository.since.isoformat(),
            "workflows": [each.workflow for each in repository.workflows],
            "packages": [name_values(package) for package in repository.packages],
        }
        for repository in packages_at_stake.list_at_stake(store())
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

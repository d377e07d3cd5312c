"""Packages of registries, what they need, where they come from, and the loads that brought them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from engines.column_types import ID, BigId, Exact, Long, Moment, Name
from schema.migrations.steps import column, create_index, create_table, needed

revision = "0060"
down_revision = "0044"

WORDS = {
    "sources": ("type", ["crates", "homebrew", "debian", "pkgx", "npm", "pypi", "rubygems"]),
    "url_types": (
        "name",
        ["homepage", "repository", "documentation", "source", "changelog", "issues"],
    ),
    "depends_on_types": (
        "name",
        ["build", "dev", "runtime", "test", "optional", "recommended", "uses_from_macos"],
    ),
}


def times() -> tuple[sa.Column[Any], sa.Column[Any]]:
    return (
        column("created_at", Moment, "When the row came"),
        column("updated_at", Moment, "When it changed last"),
    )


def load_id() -> sa.Column[Any]:
    return column("load_id", BigId, "load_history.Id of the load that wrote it last")


def gone() -> sa.Column[Any]:
    return column("gonetime", Moment, "Since when the registry has it no more")


def upgrade() -> None:
    create_registries()
    create_packages()
    create_versions()
    create_addresses()
    create_users()
    create_loads()
    fill()


def create_registries() -> None:
    create_table(
        "sources",
        "Kinds of registries",
        needed("type", Exact(64), "crates, homebrew, debian, npm, pypi, ..."),
        *times(),
        unique=["type"],
    )
    create_table(
        "package_managers",
        "Registries that packages are of",
        needed("source_id", BigId, "sources.Id"),
        *times(),
        unique=["source_id"],
    )
    for name, comment in (
        ("url_types", "What an address of a package is for"),
        ("depends_on_types", "What a package needs another for"),
        ("licenses", "Licenses, as registries spell them"),
    ):
        create_table(name, comment, needed("name", Exact(64), "Name"), *times(), unique=["name"])


def create_packages() -> None:
    create_table(
        "packages",
        "Packages of a registry",
        column("derived_id", Exact(), "manager/name"),
        needed("name", Exact(), "Name, as the registry spells it"),
        needed("package_manager_id", BigId, "package_managers.Id"),
        needed("import_id", Exact(), "What the registry tells it by; a name may change hands"),
        column("readme", Long(), "Its description"),
        *times(),
        column("manager", Exact(64), "sources.type of its registry"),
        column("latestversion", Exact(255), "The version that counts"),
        column("score", sa.Double(), "PageRank over packageedges; all of a registry sum up to 1"),
        column("dependents", sa.Integer(), "Packages that need it directly"),
        gone(),
        load_id(),
        unique=["package_manager_id", "import_id"],
    )
    create_index("ix_packages_name", "packages", ["package_manager_id", "name"])
    create_index("ix_packages_derived", "packages", ["derived_id"])
    create_table(
        "packageedges",
        "Which package needs which, alternatives and other names opened; made anew after a load",
        needed("package_id", BigId, "packages.Id of the one that needs"),
        needed("dependency_id", BigId, "packages.Id of the one that is needed"),
        needed("kind", Exact(64), "depends_on_types.name"),
        needed("alternative", sa.Boolean(), "Whether another would do"),
        needed("isvirtual", sa.Boolean(), "Whether by a name that it provides"),
        unique=["package_id", "dependency_id", "kind"],
    )
    create_index("ix_packageedges_needed", "packageedges", ["dependency_id", "package_id"])


def create_versions() -> None:
    create_table(
        "versions",
        "Versions of packages",
        needed("package_id", BigId, "packages.Id"),
        needed("version", Exact(255), "The version"),
        column("import_id", Exact(), "What the registry tells it by"),
        column("size", BigId, "Bytes to download"),
        column("published_at", Moment, "When it was published; the earliest time ever told"),
        column("license_id", BigId, "licenses.Id"),
        column("downloads", BigId, "How often it was downloaded"),
        column("checksum", Exact(255), "Checksum, as the registry spells it"),
        *times(),
        column("yanked", sa.Boolean(), "Whether it was taken back"),
        column("yankreason", Long(), "Why"),
        column("commithash", Exact(64), "Commit that it was made from, where that is told"),
        gone(),
        load_id(),
        unique=["package_id", "version"],
    )
    create_index("ix_versions_commit", "versions", ["commithash"])
    create_table(
        "dependencies",
        "What versions need; alternatives of one need share their position",
        needed("version_id", BigId, "versions.Id"),
        column(
            "dependency_id", BigId, "packages.Id of what is needed; NULL: no such package is known"
        ),
        column("dependency_type_id", BigId, "depends_on_types.Id"),
        column("semver_range", Exact(), "Which versions will do"),
        *times(),
        needed("position", sa.Integer(), "Place in the version's list"),
        needed("alternative", sa.Integer(), "0, or which of several that will do"),
        needed("name", Exact(), "Name of what is needed"),
        column("kind", Exact(64), "depends_on_types.name"),
        column("onlyif", Exact(), "Where it is needed only: a marker, a target, an extra"),
        load_id(),
        unique=["version_id", "position", "alternative"],
    )
    create_index("ix_dependencies_needed", "dependencies", ["dependency_id"])
    create_index("ix_dependencies_name", "dependencies", ["name"])
    create_table(
        "provides",
        "Names that a version answers to beside its package's",
        needed("version_id", BigId, "versions.Id"),
        needed("name", Exact(), "Name"),
        column("provided", Exact(255), "Version of that name"),
        load_id(),
        unique=["version_id", "name"],
    )
    create_index("ix_provides_name", "provides", ["name"])


def create_addresses() -> None:
    create_table(
        "urls",
        "Addresses that packages tell, without passwords",
        needed("url", Exact(512), "The address"),
        needed("url_type_id", BigId, "url_types.Id"),
        *times(),
        unique=["url", "url_type_id"],
    )
    create_table(
        "package_urls",
        "Addresses of packages",
        needed("package_id", BigId, "packages.Id"),
        needed("url_id", BigId, "urls.Id"),
        *times(),
        load_id(),
        unique=["package_id", "url_id"],
    )
    create_table(
        "packagerepos",
        "Repositories that packages say they come from",
        needed("package_id", BigId, "packages.Id"),
        needed("host", Name(200), "Server of the repository"),
        needed("repo", Name(), "Full name of the repository"),
        column("directory", Exact(), "Folder in it"),
        column("field", Exact(64), "url_types.name of what says so"),
        column("proof", Exact(16), "claim, fields: two say so, or commit"),
        column("repoid", BigId, "repos.Id, where it is watched"),
        unique=["package_id", "host", "repo"],
    )
    create_index("ix_packagerepos_repo", "packagerepos", ["repoid"])
    create_index("ix_packagerepos_name", "packagerepos", ["host", "repo"])


def create_users() -> None:
    create_table(
        "users",
        "Accounts of registries; empty unless a feed is asked for them",
        needed("source_id", BigId, "sources.Id"),
        needed("import_id", Exact(), "What the registry tells it by"),
        column("username", Exact(), "Name of the account"),
        *times(),
        unique=["source_id", "import_id"],
    )
    create_table(
        "user_packages",
        "Who may publish a package; empty unless a feed is asked for them",
        needed("user_id", BigId, "users.Id"),
        needed("package_id", BigId, "packages.Id"),
        *times(),
        unique=["user_id", "package_id"],
    )
    create_table(
        "user_versions",
        "Who published a version; empty unless a feed is asked for them",
        needed("user_id", BigId, "users.Id"),
        needed("version_id", BigId, "versions.Id"),
        *times(),
        unique=["user_id", "version_id"],
    )


def create_loads() -> None:
    create_table(
        "load_history",
        "Every load of a feed, failed ones too",
        column("package_manager_id", BigId, "package_managers.Id, where it has one"),
        *times(),
        needed("feed", Exact(64), "Name of the feed"),
        needed("starttime", Moment, "When it began"),
        column("endtime", Moment, "When it ended"),
        needed("state", Exact(16), "running, done, or failed"),
        column("exitcode", sa.Integer(), "What its process ended with; negative: the signal"),
        column("linecount", BigId, "Lines that were read"),
        column("changed", BigId, "Rows that were new or changed"),
        column("gone", BigId, "Rows that the source has no more"),
        column("error", Long(), "Why it failed"),
        column("logtail", Long(), "The last lines that it wrote on stderr"),
        unique=["feed", "starttime"],
    )
    create_table(
        "feedstates",
        "The last state of a feed, from which it goes on",
        needed("feed", Exact(64), "Name of the feed"),
        needed("state", Long(), "JSON"),
        load_id(),
        unique=["feed"],
    )
    create_table(
        "points",
        "Numbers over time that feeds bring",
        needed("feed", Exact(64), "Name of the feed"),
        needed("series", Exact(), "What is counted"),
        needed("time", Moment, "When"),
        column("value", sa.Double(), "The number"),
        column("labels", Long(), "JSON of names and texts"),
        unique=["feed", "series", "time"],
    )


def fill() -> None:
    """Write the words that rows of packages name by number, those that are not there."""
    connection = op.get_bind()
    for name, (word, values) in WORDS.items():
        words = sa.table(name, sa.column(word, Exact(64)))
        known = {*connection.scalars(sa.select(words.c[word]))}
        new = [{word: value} for value in values if value not in known]
        if new:
            connection.execute(sa.insert(words), new)
    sources = sa.table("sources", sa.column(ID, BigId))
    managers = sa.table("package_managers", sa.column("source_id", BigId))
    known = {*connection.scalars(sa.select(managers.c.source_id))}
    new = [
        {"source_id": each}
        for each in connection.scalars(sa.select(sources.c.Id))
        if each not in known
    ]
    if new:
        connection.execute(sa.insert(managers), new)

"""Packages of registries, as feeds bring them, and how often each feed was loaded.

Tables and columns that others' SQL names are spelled as there, with underscores. `versions.version`
is a version's text and orders nothing: these rows are written by `feedrunner` alone.
"""

from typing import Any

from sqlalchemy import Boolean, Column, Double, Index, Integer, Table

from engines.column_types import BigId, Exact, Long, Moment, Name
from schema.tables.columns import column, row_id, table


def number(name: str, kind: str, comment: str, **options: Any) -> Column[Any]:
    return column(name, BigId, kind, comment, **options)


def times() -> tuple[Column[Any], Column[Any]]:
    return (
        column("created_at", Moment, "own", "When the row came"),
        column("updated_at", Moment, "own", "When it changed last"),
    )


def load_id() -> Column[Any]:
    return number("load_id", "own", "load_history.Id of the load that wrote it last")


def named(name: str, comment: str) -> Table:
    said = column("name", Exact(64), "key", "Name")
    return table(name, comment, row_id(), said, *times())


sources = table(
    "sources",
    "Kinds of registries",
    row_id(),
    column("type", Exact(64), "key", "crates, homebrew, debian, npm, pypi, ..."),
    *times(),
)

package_managers = table(
    "package_managers",
    "Registries that packages are of",
    row_id(),
    number("source_id", "key", "sources.Id"),
    *times(),
)

url_types = named("url_types", "What an address of a package is for")
depends_on_types = named("depends_on_types", "What a package needs another for")
licenses = named("licenses", "Licenses, as registries spell them")

packages = table(
    "packages",
    "Packages of a registry",
    row_id(),
    column("derived_id", Exact(), "own", "manager/name"),
    column("name", Exact(), "own", "Name, as the registry spells it", nullable=False),
    number("package_manager_id", "key", "package_managers.Id"),
    column("import_id", Exact(), "key", "What the registry tells it by; a name may change hands"),
    column("readme", Long(), "own", "Its description"),
    *times(),
    column("manager", Exact(64), "own", "sources.type of its registry"),
    column("latestversion", Exact(255), "own", "The version that counts"),
    column("score", Double(), "own", "PageRank over packageedges; all of a registry sum up to 1"),
    column("dependents", Integer(), "own", "Packages that need it directly"),
    column("gonetime", Moment, "own", "Since when the registry has it no more"),
    load_id(),
    column("mine", Boolean(), "own", "Whether a lock file or requirements of ours come down to it"),
    Index("ix_packages_name", "package_manager_id", "name"),
    Index("ix_packages_derived", "derived_id"),
)

versions = table(
    "versions",
    "Versions of packages",
    row_id(),
    number("package_id", "key", "packages.Id"),
    column("version", Exact(255), "key", "The version"),
    column("import_id", Exact(), "own", "What the registry tells it by"),
    number("size", "own", "Bytes to download"),
    column("published_at", Moment, "own", "When it was published; the earliest time ever told"),
    number("license_id", "own", "licenses.Id"),
    number("downloads", "own", "How often it was downloaded"),
    column("checksum", Exact(255), "own", "Checksum, as the registry spells it"),
    *times(),
    column("yanked", Boolean(), "own", "Whether it was taken back"),
    column("yankreason", Long(), "own", "Why"),
    column("commithash", Exact(64), "own", "Commit that it was made from, where that is told"),
    column("gonetime", Moment, "own", "Since when the registry has it no more"),
    load_id(),
    column(
        "releasedred", Boolean(), "own", "CI of its commit was red when published; NULL: unknown"
    ),
    Index("ix_versions_commit", "commithash"),
)

dependencies = table(
    "dependencies",
    "What versions need; alternatives of one need share their position",
    row_id(),
    number("version_id", "key", "versions.Id"),
    number("dependency_id", "own", "packages.Id of what is needed; NULL: no such package is known"),
    number("dependency_type_id", "own", "depends_on_types.Id"),
    column("semver_range", Exact(), "own", "Which versions will do"),
    *times(),
    column("position", Integer(), "key", "Place in the version's list"),
    column("alternative", Integer(), "key", "0, or which of several that will do"),
    column("name", Exact(), "own", "Name of what is needed", nullable=False),
    column("kind", Exact(64), "own", "depends_on_types.name"),
    column("onlyif", Exact(), "own", "Where it is needed only: a marker, a target, an extra"),
    load_id(),
    Index("ix_dependencies_needed", "dependency_id"),
)

provides = table(
    "provides",
    "Names that a version answers to beside its package's",
    row_id(),
    number("version_id", "key", "versions.Id"),
    column("name", Exact(), "key", "Name"),
    column("provided", Exact(255), "own", "Version of that name"),
    load_id(),
    Index("ix_provides_name", "name"),
)

packageedges = table(
    "packageedges",
    "Which package needs which, alternatives and other names opened; made anew after a load",
    row_id(),
    number("package_id", "key", "packages.Id of the one that needs"),
    number("dependency_id", "key", "packages.Id of the one that is needed"),
    column("kind", Exact(64), "key", "depends_on_types.name"),
    column("alternative", Boolean(), "own", "Whether another would do", nullable=False),
    column("isvirtual", Boolean(), "own", "Whether by a name that it provides", nullable=False),
    Index("ix_packageedges_dependents", "dependency_id", "package_id", "kind"),
)

urls = table(
    "urls",
    "Addresses that packages tell, without passwords",
    row_id(),
    column("url", Exact(512), "key", "The address"),
    number("url_type_id", "key", "url_types.Id"),
    *times(),
)

package_urls = table(
    "package_urls",
    "Addresses of packages",
    row_id(),
    number("package_id", "key", "packages.Id"),
    number("url_id", "key", "urls.Id"),
    *times(),
    load_id(),
)

packagerepos = table(
    "packagerepos",
    "Repositories that packages say they come from",
    row_id(),
    number("package_id", "key", "packages.Id"),
    column("host", Name(200), "key", "Server of the repository"),
    column("repo", Name(), "key", "Full name of the repository"),
    column("directory", Exact(), "own", "Folder in it"),
    column("field", Exact(64), "own", "url_types.name of what says so"),
    column("proof", Exact(16), "own", "claim, fields: two say so, or commit"),
    number("repoid", "own", "repos.Id, where it is watched"),
    Index("ix_packagerepos_repo", "repoid"),
    Index("ix_packagerepos_name", "host", "repo"),
)

users = table(
    "users",
    "Accounts of registries; empty unless a feed is asked for them",
    row_id(),
    number("source_id", "key", "sources.Id"),
    column("import_id", Exact(), "key", "What the registry tells it by"),
    column("username", Exact(), "own", "Name of the account"),
    *times(),
)

user_packages = table(
    "user_packages",
    "Who may publish a package; empty unless a feed is asked for them",
    row_id(),
    number("user_id", "key", "users.Id"),
    number("package_id", "key", "packages.Id"),
    *times(),
)

user_versions = table(
    "user_versions",
    "Who published a version; empty unless a feed is asked for them",
    row_id(),
    number("user_id", "key", "users.Id"),
    number("version_id", "key", "versions.Id"),
    *times(),
)

load_history = table(
    "load_history",
    "Every load of a feed, failed ones too",
    row_id(),
    number("package_manager_id", "own", "package_managers.Id, where it has one"),
    *times(),
    column("feed", Exact(64), "key", "Name of the feed"),
    column("starttime", Moment, "key", "When it began"),
    column("endtime", Moment, "own", "When it ended"),
    column("state", Exact(16), "own", "running, done, or failed", nullable=False),
    column("exitcode", Integer(), "own", "What its process ended with; negative: the signal"),
    number("linecount", "own", "Lines that were read"),
    number("changed", "own", "Rows that were new or changed"),
    number("gone", "own", "Rows that the source has no more"),
    column("error", Long(), "own", "Why it failed"),
    column("logtail", Long(), "own", "The last lines that it wrote on stderr"),
)

feedstates = table(
    "feedstates",
    "The last state of a feed, from which it goes on",
    row_id(),
    column("feed", Exact(64), "key", "Name of the feed"),
    column("state", Long(), "own", "JSON", nullable=False),
    load_id(),
    column("brought", Long(), "own", "Hashes of what its last whole load brought"),
    column("setup", Exact(64), "own", "Hash of its settings, of which the last load failed"),
    column("nexttime", Moment, "own", "When it is due next"),
)

points = table(
    "points",
    "Numbers over time that feeds bring",
    row_id(),
    column("feed", Exact(64), "key", "Name of the feed"),
    column("series", Exact(), "key", "What is counted"),
    column("time", Moment, "key", "When"),
    column("value", Double(), "own", "The number"),
    column("labels", Long(), "own", "JSON of names and texts"),
)

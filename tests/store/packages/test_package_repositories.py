"""Where packages come from, what proves it, and releases of red commits."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, insert, select, update

from engines.transaction import transact
from schema.tables import ci
from schema.tables import packages as tables
from store.packages.addresses import Repository
from store.packages.after_load import follow_ci, follow_load
from store.packages.package_repositories import list_claims
from store.packages.releases import was_red
from tests.store.packages.shop import Shop

NOON = datetime(2026, 11, 20, 12)
COMMIT = "c0ffee" + 34 * "0"


def watch(connection: Connection, gitid: int, name: str) -> int:
    """Have a repository; return its number."""
    row = {"provider": "github", "gitid": gitid, "name": name, "version": b""}
    connection.execute(insert(ci.repos), [{**row, "url": f"https://github.com/{name}"}])
    query = select(ci.repos.c.Id).where(ci.repos.c.gitid == gitid)
    return int(connection.scalar(query) or 0)


def tell(connection: Connection, package: int, kind: str, url: str) -> None:
    """Have an address of a package."""
    types, urls = tables.url_types, tables.urls
    query = select(types.c.Id).where(types.c.name == kind)
    if connection.scalar(query) is None:
        connection.execute(insert(types), [{"name": kind}])
    row = {"url": url, "url_type_id": connection.scalar(query)}
    own = select(urls.c.Id).where(urls.c.url == url, urls.c.url_type_id == row["url_type_id"])
    if connection.scalar(own) is None:
        connection.execute(insert(urls), [row])
    pair = {"package_id": package, "url_id": connection.scalar(own)}
    connection.execute(insert(tables.package_urls), [pair])


def run(connection: Connection, repoid: int, number: int, end: datetime, conclusion: str) -> None:
    """Have a run of the commit that ended so."""
    own = {"provider": "github", "repoid": repoid, "version": b"1", "status": "completed"}
    end_row = {"conclusion": conclusion, "endtime": end, "createtime": end - timedelta(minutes=5)}
    known = {"event": "push", "commithash": COMMIT, "workflowgitid": 1 + number % 2}
    connection.execute(
        insert(ci.workflowruns), [{**own, **end_row, **known, "gitid": number, "attempt": 1}]
    )
    connection.execute(
        insert(ci.runattempts), [{**own, **end_row, "rungitid": number, "attempt": 1}]
    )


def claims(engine: Engine) -> set[tuple]:
    """Return what is stored of packages' repositories."""
    w, p = tables.packagerepos, tables.packages
    query = select(p.c.name, w.c.repo, w.c.directory, w.c.field, w.c.proof, w.c.repoid)
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(query.join(p, p.c.Id == w.c.package_id))}


def test_packages_lead_to_repositories_by_any_of_their_names(engine: Engine):
    with engine.begin() as connection:
        npm = Shop(connection, "npm")
        core, cli, old, site = (npm.package(name) for name in ("core", "cli", "old", "site"))
        app = watch(connection, 1, "Octo-Org/App")
        lib = watch(connection, 2, "octo-org/lib")
        alias = {"repoid": lib, "name": "octo-org/former"}
        connection.execute(insert(ci.repoaliases), [alias])
        tell(
            connection, core, "repository", "git+https://github.com/octo-org/app.git/tree/HEAD/core"
        )
        tell(connection, core, "homepage", "https://github.com/octo-org/app#readme")
        tell(connection, cli, "repository", "octo-org/app")
        tell(connection, old, "homepage", "https://github.com/octo-org/former")
        tell(connection, old, "packaging", "https://salsa.debian.org/octo/old.git")
        tell(connection, site, "homepage", "https://octo.example/en/site")
    follow_load(engine, "npm", transact)
    assert claims(engine) == {
        ("core", "octo-org/app", "core", "repository", "fields", app),
        ("cli", "octo-org/app", None, "repository", "claim", app),
        ("old", "octo-org/former", None, "homepage", "claim", lib),
    }
    with engine.begin() as connection:
        tell(connection, site, "repository", "https://github.com/octo-org/site")
        connection.execute(update(ci.repos).where(ci.repos.c.Id == app).values(name="octo-org/new"))
        gone = update(tables.packages).where(tables.packages.c.Id == cli)
        connection.execute(gone.values(gonetime=NOON))
    follow_load(engine, "npm", transact)
    assert {(name, repoid) for name, _, _, _, _, repoid in claims(engine)} == {
        ("core", None),
        ("old", lib),
        ("site", None),
    }


def test_commit_proves_the_repository_and_says_whether_the_release_was_red(engine: Engine):
    with engine.begin() as connection:
        npm = Shop(connection, "npm")
        core = npm.package("core")
        app = watch(connection, 1, "octo-org/app")
        tell(connection, core, "repository", "octo-org/app")
        for number, hours in enumerate((-1, 1, 3, 5), start=2):
            own = {"published_at": NOON + timedelta(hours=hours), "commithash": COMMIT}
            npm.version(core, str(number), **own)
        commit = {"repoid": app, "hash": COMMIT, "version": b""}
        connection.execute(insert(ci.commits), [commit])
        run(connection, app, 1, NOON, "success")
        run(connection, app, 2, NOON + timedelta(hours=2), "failure")
        run(connection, app, 4, NOON + timedelta(hours=4), "success")
    follow_load(engine, "npm", transact)
    follow_ci(engine, "npm", transact)
    assert {proof for _, _, _, _, proof, _ in claims(engine)} == {"commit"}
    c = tables.versions.c
    with engine.connect() as connection:
        told = connection.execute(select(c.version, c.releasedred).order_by(c.version)).all()
    assert [tuple(row) for row in told] == [
        *(("1", None), ("2", None), ("3", False), ("4", True), ("5", False))
    ]


@pytest.mark.parametrize(
    ("addresses", "told"),
    [
        ([("repository", "o/a"), ("homepage", "https://github.com/o/b")], [("o/a", "claim")]),
        ([("homepage", "https://github.com/o/b")], [("o/b", "claim")]),
        ([("issues", "https://github.com/o/b/issues")], [("o/b", "claim")]),
        (
            [("source", "https://github.com/o/a"), ("repository", "https://github.com/O/b")],
            [("O/b", "claim"), ("o/a", "claim")],
        ),
        (
            [("repository", "o/a"), ("issues", "https://github.com/O/A/issues")],
            [("o/a", "fields")],
        ),
    ],
)
def test_best_field_that_tells_a_repository_counts(addresses, told):
    listed = list_claims(addresses, "npm", frozenset())
    assert [(claim.repository.repo, claim.proof) for claim in listed] == told
    assert all(isinstance(claim.repository, Repository) for claim in listed)


def test_verdict_of_a_moment_is_each_workflows_last_before_it():
    hour = timedelta(hours=1)
    ended = [(1, NOON, "failure"), (1, NOON + hour, "success"), (2, NOON, "cancelled")]
    assert was_red(ended, NOON) is True
    assert was_red(ended, NOON + hour) is False
    assert was_red(ended, NOON - hour) is None
    assert was_red([(1, NOON, "skipped")], NOON) is None

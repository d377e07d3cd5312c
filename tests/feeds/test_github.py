"""What watched repositories need, and whether what they need is red: against the fake GitHub."""

import json

import pytest
from sqlalchemy import Engine, insert, select

from fakegithub.server import TOKEN, serve
from feedrunner.needs import list_listed
from schema.tables import ci
from schema.tables import packages as tables
from tests.fakegithub.samples import flow_of, small_world
from tests.feeds.shipped import load, needs, rows, source

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def watch(engine: Engine, gitid: int, name: str) -> None:
    """Have a repository in the store."""
    row = {"provider": "github", "gitid": gitid, "name": name, "url": f"https://github.com/{name}"}
    with engine.begin() as connection:
        connection.execute(insert(ci.repos), [{**row, "version": b""}])


def test_what_watched_repositories_need_comes_by_registry_and_name(engine: Engine):
    watch(engine, 1, "octo-org/app")
    watch(engine, 2, "octo-org/never-was")
    with serve(small_world()) as github:
        environ = {"SOURCE_GITHUB_URL": github.url, "SOURCE_GITHUB_TOKEN": TOKEN}
        ended = load(engine, "sbom", environ)
        assert (ended.state, ended.error) == ("done", "")
        assert ended.logtail.startswith("octo-org/never-was: no dependency graph (HTTP Error 404")
        assert load(engine, "sbom", environ).changed == 0
    c = tables.packages.c
    assert rows(engine, select(c.name, c.import_id)) == [("octo-org/app", "github/1")]
    assert [(name, span) for name, span, _, _ in needs(engine, "octo-org/app")] == [
        ("crates/serde", None),
        ("githubactions/actions/checkout", "v4"),
        ("npm/@isaacs/cliui", "9.0.0"),
        ("npm/left-pad", "1.3.0"),
        ("pypi/flask", "3.0.0"),
    ]
    with engine.connect() as connection:
        assert len(list_listed(connection)) == 5


def test_rate_limit_is_tried_sooner(engine: Engine):
    watch(engine, 1, "octo-org/app")
    with source({"/repos/octo-org/app/dependency-graph/sbom": (429, {})}) as url:
        assert load(engine, "sbom", {"SOURCE_GITHUB_URL": url}).exitcode == 75


def test_state_of_upstream_is_a_point_whenever_it_changes(engine: Engine):
    world = small_world()
    names = "octo-org/app octo-org/never-was"
    with serve(world) as github:
        environ = {"SOURCE_GITHUB_URL": github.url, "SOURCE_GITHUB_TOKEN": TOKEN}
        assert load(engine, "upstream", environ, UPSTREAM_REPOS=names).error == ""
        run = world.trigger(flow_of(world), event="push")
        world.finish_run(run, "failure")
        ended = load(engine, "upstream", environ, UPSTREAM_REPOS=names)
        assert ended.logtail == "octo-org/never-was: is not to be seen"
        load(engine, "upstream", environ, UPSTREAM_REPOS=names)
    c = tables.points.c
    points = rows(engine, select(c.series, c.value, c.labels).order_by(c.Id))
    assert [(value, json.loads(labels)["state"]) for _, value, labels in points] == [
        (None, "NONE"),
        (1.0, "FAILURE"),
    ]
    assert {series for series, _, _ in points} == {"upstream/127.0.0.1/octo-org/app"}


def test_upstream_that_is_gone_is_neither_red_nor_green_and_one_that_is_refused_stays(
    engine: Engine,
):
    commit = {"oid": "a" * 40, "statusCheckRollup": {"state": "FAILURE"}}
    red = {"defaultBranchRef": {"name": "main", "target": commit}}
    names = {"UPSTREAM_REPOS": "octo/gone octo/kept"}
    missing = {"type": "NOT_FOUND", "path": ["r0"], "message": "Could not resolve"}
    refused = {"type": "FORBIDDEN", "path": ["r1"], "message": "SAML"}
    answers = [
        {"data": {"r0": red, "r1": red}},
        {"data": {"r0": None, "r1": None}, "errors": [missing, refused]},
    ]
    for answer in (*answers, answers[1]):
        with source({"/graphql": (200, answer)}) as url:
            environ = {"SOURCE_GITHUB_URL": url, "SOURCE_GITHUB_TOKEN": TOKEN}
            assert load(engine, "upstream", environ, **names).error == ""
    c = tables.points.c
    told = rows(engine, select(c.series, c.value).order_by(c.Id))
    assert [(series.rpartition("/")[2], value) for series, value in told] == [
        ("gone", 1.0),
        ("kept", 1.0),
        ("gone", None),
    ]


@pytest.mark.parametrize("odd", [None, [], [{"name": "a", "externalRefs": None}]])
def test_sbom_without_lists_lists_nothing(engine: Engine, odd: object):
    watch(engine, 1, "octo-org/app")
    sbom = {"packages": odd, "relationships": None, "documentDescribes": None}
    with source({"/repos/octo-org/app/dependency-graph/sbom": (200, {"sbom": sbom})}) as url:
        assert load(engine, "sbom", {"SOURCE_GITHUB_URL": url}).error == ""


def test_upstream_needs_a_token(engine: Engine):
    ended = load(engine, "upstream")
    assert (ended.exitcode, ended.changed) == (78, 0)

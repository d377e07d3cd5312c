"""GraphQL as the fake answers it, held against GitHub's own schema."""

from pathlib import Path
from typing import Any

import pytest
import requests
from graphql import build_schema, graphql_sync, parse, validate

from backfill.github_graphql.check_runs import ANNOTATIONS, QUERIES, STEPS, SUITES
from fakegithub.api.access import Token
from fakegithub.graphql.query import cost_of
from fakegithub.graphql.query import parse as parse_fake
from fakegithub.payloads.templates import node_id
from fakegithub.server import Server, serve
from fakegithub.world.history import history

TEXT = (Path(__file__).parents[1] / "fixtures" / "graphql" / "schema.graphql").read_text("utf-8")
SCHEMA = build_schema(TEXT)


@pytest.fixture(scope="module")
def github():
    with serve(history(3, runs=20, jobs=4)) as server:
        yield server


def ask(github: Server, query: str, **variables: Any) -> requests.Response:
    sent = {"query": query, "variables": variables}
    return requests.post(f"{github.url}/graphql", json=sent, headers=github.headers, timeout=10)


def node_ids(github: Server) -> tuple[list[str], list[str]]:
    """Return the ids of all check suites, and of all check runs."""
    view = github.world.at()
    repo = view.repos("octo-org")[0]
    runs = view.runs(repo.id)[:]
    jobs = [job for run in runs for job in view.jobs(run.id)]
    suites = [node_id("CS", repo.id, run.id * 2 + 11) for run in runs]
    return suites, [node_id("CR", repo.id, job.id) for job in jobs][:100]


@pytest.mark.parametrize("query", QUERIES)
def test_query_is_valid_against_githubs_schema(query: str):
    assert validate(SCHEMA, parse(query)) == []


@pytest.mark.parametrize("field", ["runAttempt", "createdAt", "labels", "runnerName"])
def test_field_that_check_runs_have_not_is_refused_by_the_schema(field: str):
    """The schema can refuse: a test of the test before."""
    assert validate(SCHEMA, parse(SUITES.replace("nodes { id name", f"nodes {{ id {field} name")))


@pytest.mark.parametrize("query", QUERIES)
def test_answer_is_what_the_schema_makes_of_it(github: Server, query: str):
    suites, checks = node_ids(github)
    ids = suites if query == SUITES else checks
    answer = ask(github, query, ids=ids).json()
    assert len(answer["data"]["nodes"]) == len(ids)

    def type_of(node: Any, *_: Any) -> str:
        return "CheckSuite" if "checkRuns" in node else "CheckRun"

    SCHEMA.type_map["Node"].resolve_type = type_of
    made = graphql_sync(SCHEMA, query, answer["data"], variable_values={"ids": ids})
    assert made.errors is None
    assert made.data == answer["data"]


def test_id_that_is_no_int_of_32_bits_is_null(github: Server):
    query = SUITES.replace("nodes { id name", "nodes { id databaseId name")
    answer = ask(github, query, ids=node_ids(github)[0][:1]).json()
    assert answer["data"]["nodes"][0]["checkRuns"]["nodes"][0]["databaseId"] is None


@pytest.mark.parametrize(("query", "points"), [(SUITES, 1), (STEPS, 1), (ANNOTATIONS, 1)])
def test_hundred_nodes_of_one_list_cost_a_point(query: str, points: int):
    assert cost_of(parse_fake(query, {"ids": ["x"] * 100})).points == points


def test_steps_within_suites_cost_a_hundred_times_as_much():
    inner = "nodes { steps(first: 100) { nodes { name } } id name"
    within = SUITES.replace("nodes { id name", inner)
    # 100 lists of check runs, and 100 times 100 of steps: 10,100 requests.
    assert cost_of(parse_fake(within, {"ids": ["x"] * 100})).points == 101


def test_limit_is_one_of_its_own_and_tells_points(github: Server):
    suites, _ = node_ids(github)
    first = ask(github, SUITES, ids=suites).headers
    second = ask(github, SUITES, ids=suites).headers
    assert first["X-RateLimit-Resource"] == "graphql"
    assert int(first["X-RateLimit-Used"]) + 1 == int(second["X-RateLimit-Used"])
    rest = requests.get(f"{github.url}/rate_limit", headers=github.headers, timeout=10).headers
    assert rest["X-RateLimit-Resource"] == "core"


def test_more_than_hundred_ids_are_refused(github: Server):
    answer = ask(github, SUITES, ids=["x"] * 101).json()
    assert "more than 100 node ids" in answer["errors"][0]["message"]


def test_what_is_not_there_or_not_allowed_is_null_with_an_error(github: Server):
    suites, _ = node_ids(github)
    answer = ask(github, SUITES, ids=["CS_kwDO", suites[0]]).json()
    assert [node is None for node in answer["data"]["nodes"]] == [True, False]
    assert [error["type"] for error in answer["errors"]] == ["NOT_FOUND"]
    github.tokens["poor"] = Token("poor", permissions=frozenset({"actions", "metadata"}))
    sent = {"query": SUITES, "variables": {"ids": suites[:1]}}
    headers = {**github.headers, "Authorization": "Bearer poor"}
    answer = requests.post(f"{github.url}/graphql", json=sent, headers=headers, timeout=10).json()
    assert [error["type"] for error in answer["errors"]] == ["FORBIDDEN"]

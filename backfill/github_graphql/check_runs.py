"""The check runs of many check suites: first which there are, then their steps, what failed says.

A query costs a point for a hundred lists that it asks for, whatever is in them: asked for in one,
the steps of suites of up to a hundred jobs would cost a hundred times as much.
https://docs.github.com/graphql/reference/objects#checksuite
"""

from collections.abc import Iterator, Sequence

from backfill.github_graphql.endpoint import Endpoint
from backfill.http.errors import ApiError
from backfill.records import Json

MOST = 100
"""Ids that `nodes` takes, and items of a list, at most."""
FAILED = ("FAILURE", "TIMED_OUT", "STARTUP_FAILURE", "ACTION_REQUIRED")

# The latest attempt is what GraphQL lists by default; no number tells which that is.
SUITES = """
query Suites($ids: [ID!]!, $after: String) {
  nodes(ids: $ids) {
    ... on CheckSuite {
      id
      checkRuns(first: 100, after: $after, filterBy: {checkType: LATEST}) {
        pageInfo { hasNextPage endCursor }
        nodes { id name status conclusion startedAt completedAt detailsUrl }
      }
    }
  }
}
"""
STEPS = """
query Steps($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on CheckRun {
      id
      steps(first: 100) {
        pageInfo { hasNextPage }
        nodes { number name status conclusion startedAt completedAt }
      }
    }
  }
}
"""
ANNOTATIONS = """
query Annotations($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on CheckRun {
      id
      annotations(first: 100) {
        nodes {
          annotationLevel title message rawDetails path
          location { start { line } }
        }
      }
    }
  }
}
"""
QUERIES = (SUITES, STEPS, ANNOTATIONS)


def read_check_runs(endpoint: Endpoint, suites: Sequence[str]) -> dict[str, list[Json]]:
    """Return the check runs of suites by the suite's id; those not told whole are left out.

    Each has its `steps` and, where it failed, its `annotations`. Raises ApiError.
    """
    told = {
        suite: list_check_runs(endpoint, node)
        for suite, node in ask_nodes(endpoint, SUITES, suites)
    }
    every = [check for checks in told.values() for check in checks]
    ended = [one["id"] for one in every if has_run(one)]
    failed = [one["id"] for one in every if one["conclusion"] in FAILED]
    steps = dict(ask_nodes(endpoint, STEPS, ended))
    annotations = dict(ask_nodes(endpoint, ANNOTATIONS, failed))
    wanted = set(ended)
    for check in every:
        check.update({**annotations.get(check["id"], {}), **steps.get(check["id"], {})})
    return {
        suite: checks
        for suite, checks in told.items()
        if all(check["id"] not in wanted or has_all_steps(check) for check in checks)
    }


def has_run(check: Json) -> bool:
    """Tell whether a check run has ended, and not been skipped."""
    return bool(check["status"] == "COMPLETED" and check["conclusion"] != "SKIPPED")


def has_all_steps(check: Json) -> bool:
    """Tell whether all steps of a check run were told."""
    steps = check.get("steps")
    return isinstance(steps, dict) and not steps["pageInfo"]["hasNextPage"]


def list_check_runs(endpoint: Endpoint, suite: Json) -> list[Json]:
    """Return the check runs of a suite, those of its further pages, too. Raises ApiError."""
    listed = suite["checkRuns"]
    checks = list[Json](filter(None, listed["nodes"]))
    while listed["pageInfo"]["hasNextPage"]:
        after = listed["pageInfo"]["endCursor"]
        data, _ = endpoint.ask(SUITES, ids=[suite["id"]], after=after)
        listed = data["nodes"][0]["checkRuns"]
        checks += filter(None, listed["nodes"])
    return checks


def ask_nodes(endpoint: Endpoint, query: str, ids: Sequence[str]) -> Iterator[tuple[str, Json]]:
    """Yield what a query says of nodes, by id; nothing of those it does not tell.

    What is too much at once is asked for in halves. Raises ApiError, where none is told, too.
    """
    for first in range(0, len(ids), MOST):
        yield from ask_part(endpoint, query, ids[first : first + MOST])


def ask_part(endpoint: Endpoint, query: str, ids: Sequence[str]) -> Iterator[tuple[str, Json]]:
    """Yield what a query says of at most MOST nodes. Raises ApiError."""
    try:
        data, lacking = endpoint.ask(query, ids=list(ids))
        told = [node for node in data["nodes"] if isinstance(node, dict) and len(node) > 1]
    except ApiError as problem:
        if not problem.is_unsteady or len(ids) == 1:
            raise
        half = len(ids) // 2
        yield from ask_part(endpoint, query, ids[:half])
        yield from ask_part(endpoint, query, ids[half:])
        return
    except (KeyError, TypeError) as error:
        raise ApiError("the answer cannot be read: nodes is no list", 422) from error
    if lacking and not told:
        raise ApiError(lacking[0], 403)
    yield from ((node["id"], node) for node in told)

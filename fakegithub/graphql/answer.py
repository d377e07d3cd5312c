"""POST /graphql: what a query says of check suites and check runs, by their node ids.

https://docs.github.com/graphql/reference/queries#nodes
"""

from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fakegithub.api import access, rest
from fakegithub.api.answers import Answer, Call, error
from fakegithub.graphql.query import MOST_NODES, Field, QueryError, chosen, cost_of, parse
from fakegithub.payloads.templates import Json, node_id
from fakegithub.world.entities import Job, Repo, Run

MOST_IDS = 100
INT = range(-(2**31), 2**31)


def answer(call: Call, lacking: frozenset[str]) -> Answer:
    """Return the answer to a query `nodes`; `lacking` are fields that an older server has not."""
    if call.token is None:
        return error(401, "This endpoint requires you to be authenticated.")
    try:
        query = read(call.body)
        ids = next(field.arguments["ids"] for field in query if field.name == "nodes")
        if len(ids) > MOST_IDS:
            raise QueryError(
                f"You may not provide more than 100 node ids; you provided {len(ids)}."
            )
        cost = cost_of(query)
        if cost.nodes > MOST_NODES:
            raise QueryError(f"This query requests up to {cost.nodes} possible nodes")
        return respond(call, query, cost.points, lacking)
    except QueryError as problem:
        return Answer(200, {"errors": [{"message": str(problem)}]})


def read(body: Any) -> tuple[Field, ...]:
    """Return the query of a request. Raises QueryError."""
    asked: Json = body if isinstance(body, dict) else {}
    return parse(str(asked.get("query", "")), asked.get("variables") or {})


def points_of(body: Any) -> int:
    """Return what a request's query costs; one that cannot be read costs a point."""
    try:
        return cost_of(read(body)).points
    except QueryError:
        return 1


def respond(call: Call, query: Sequence[Field], points: int, lacking: frozenset[str]) -> Answer:
    """Return the data of a query, and an error for each node that is not to be had."""
    data, errors = Json(), list[Json]()
    for field in query:
        if field.name == "rateLimit":
            data["rateLimit"] = pick({"cost": points}, field.selection, "RateLimit", lacking)
            continue
        told = list[Json | None]()
        for place, given in enumerate(field.arguments["ids"]):
            node, kind, message = find(call, given)
            if node is None:
                errors.append({"type": kind, "path": ["nodes", place], "message": message})
            told.append(node and pick(node, field.selection, kind, lacking))
        data["nodes"] = told
    return Answer(200, {"data": data, **({"errors": errors} if errors else {})})


def pick(
    node: Mapping[str, Any], fields: Sequence[Field], kind: str, lacking: frozenset[str]
) -> Json:
    """Return the chosen fields of a node. Raises QueryError for one that there is not."""
    picked = Json()
    for field in chosen(fields, kind):
        if field.name in lacking or field.name not in node:
            raise QueryError(f"Field '{field.name}' doesn't exist on type '{kind}'")
        found = node[field.name]
        found = found(field.arguments) if callable(found) else found
        if isinstance(found, list):
            found = [pick(one, field.selection, kind, lacking) for one in found]
        elif isinstance(found, dict):
            found = pick(found, field.selection, kind, lacking)
        picked[field.name] = found
    return picked


def find(call: Call, given: str) -> tuple[Json | None, str, str]:
    """Return a node and its type; without one, the type of the error and its message."""
    prefix, _, packed = given.partition("_")
    missing = "NOT_FOUND", f"Could not resolve to a node with the global id of '{given}'"
    try:
        repo_id, number = unpack(packed)
    except (ValueError, IndexError):
        return None, *missing
    repo = call.view.repo(repo_id)
    job = call.view.job(number) if prefix == "CR" else None
    run = call.view.run((number - 11) // 2 if prefix == "CS" else job.run_id if job else 0)
    if repo is None or run is None or not access.can_see(call.token, repo):
        return None, *missing
    if call.token is None or "checks" not in call.token.permissions:
        return None, "FORBIDDEN", "Resource not accessible by personal access token"
    if job is not None:
        return check_run(call, job, run, repo), "CheckRun", ""
    return check_suite(call, run, repo), "CheckSuite", ""


def unpack(packed: str) -> list[int]:
    """Return the numbers of a node id after the first, a 0: a msgpack array."""
    raw, place, numbers = urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), 2, list[int]()
    while place < len(raw):
        size = {0xCE: 4, 0xCF: 8}[raw[place]] if raw[place] in (0xCE, 0xCF) else 0
        if not size:
            raise ValueError(packed)
        numbers.append(int.from_bytes(raw[place + 1 : place + 1 + size], "big"))
        place += 1 + size
    return numbers[:2] if len(numbers) > 1 else [numbers[0], numbers[1]]


def check_suite(call: Call, run: Run, repo: Repo) -> Json:
    """Return the check suite of a run; its check runs are those of the latest attempt."""

    def check_runs(arguments: Mapping[str, Any]) -> Json:
        latest = (arguments.get("filterBy") or {}).get("checkType", "LATEST") != "ALL"
        jobs = call.view.jobs(run.id, attempt=run.attempt if latest else None)
        return connection(jobs, arguments, lambda job: check_run(call, job, run, repo))

    suite = run.id * 2 + 11
    return {
        "id": node_id("CS", repo.id, suite),
        "databaseId": as_int(suite),
        "status": run.status.upper(),
        "conclusion": upper(run.conclusion),
        "checkRuns": check_runs,
    }


def check_run(call: Call, job: Job, run: Run, repo: Repo) -> Json:
    """Return the check run of a job."""
    shown = rest.job(call.view, job, run=run, repo=repo)
    said = call.annotations.get(job.id, rest.job_annotations(job, repo, run.sha))
    return {
        "id": shown["node_id"],
        "databaseId": as_int(job.id),
        "name": job.name,
        **state(shown),
        "startedAt": None if job.started_at is None else shown["started_at"],
        "detailsUrl": shown["html_url"],
        "steps": lambda arguments: connection(shown["steps"], arguments, step),
        "annotations": lambda arguments: connection(said, arguments, annotation),
    }


def state(shown: Json) -> Json:
    """Return what a job and a step say alike, in GraphQL's words."""
    return {
        "status": shown["status"].upper(),
        "conclusion": upper(shown["conclusion"]),
        "startedAt": shown["started_at"],
        "completedAt": shown["completed_at"],
    }


def step(shown: Json) -> Json:
    """Return a step."""
    return {"number": shown["number"], "name": shown["name"], **state(shown)}


def annotation(shown: Json) -> Json:
    """Return an annotation."""
    places = {
        edge: {"line": shown[f"{edge}_line"], "column": shown[f"{edge}_column"]}
        for edge in ("start", "end")
    }
    return {
        "annotationLevel": upper(shown["annotation_level"]),
        "title": shown["title"],
        "message": shown["message"],
        "rawDetails": shown["raw_details"],
        "path": shown["path"],
        "location": places,
    }


def connection(
    items: Sequence[Any], arguments: Mapping[str, Any], shape: Callable[[Any], Json]
) -> Json:
    """Return a page of a list; a cursor is the place after its last item. Raises QueryError."""
    if arguments.get("first") is None:
        raise QueryError("You must provide a `first` or `last` value to properly paginate")
    begin = int(arguments.get("after") or 0)
    end = begin + arguments["first"]
    return {
        "totalCount": len(items),
        "pageInfo": {"hasNextPage": end < len(items), "endCursor": str(min(end, len(items)))},
        "nodes": [shape(item) for item in items[begin:end]],
    }


def as_int(number: int) -> int | None:
    """Return an id as the schema's Int, which is of 32 bits."""
    return number if number in INT else None


def upper(word: str | None) -> str | None:
    """Return one of REST's words as GraphQL has it."""
    return word and word.upper()

"""What lists of pipelines leave out: start, end, duration, user, and which job made a child.

GraphQL has it for a hundred pipelines in a call, as a list newest first, or by their numbers; where
it has not, each takes a call of its own. Names of fields and arguments are those of the schema:
https://docs.gitlab.com/api/graphql/reference/#pipeline
"""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from weakref import WeakSet

from backfill.gitlab.bridges import Bridges
from backfill.gitlab.pipelines import AT, CHILDREN, is_torn, may_have_jobs
from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.pipeline.api_objects import read_object
from backfill.pipeline.context import Context
from backfill.records import Json, Repository

NEEDED = "id iid startedAt finishedAt duration warnings user { username }"
FAMILY = "upstream { id } sourceJob { id name }"
PER_PAGE = 100
PER_QUERY, CHILDREN_PER_QUERY = 25, 15
"""Pipelines asked for by number at once: a query's complexity may be 250, before 14 one costs 9."""
WITHOUT = WeakSet[Client]()
"""Clients of servers that have no GraphQL at all, of which that was said."""


class Refused(Exception):
    """GraphQL does not answer what was asked; the text says why. `is_absent`: nor anything else."""

    def __init__(self, why: str, *, is_absent: bool = False) -> None:
        super().__init__(why)
        self.is_absent = is_absent


class PipelineWalk:
    """The pipelines of one list, newest first, page by page as they are asked for."""

    def __init__(self, source: str | None) -> None:
        self.source = source
        self.nodes = dict[int, Json]()
        self.after: str | None = None
        self.lowest = math.inf
        """All above it were given."""

    def query(self) -> str:
        """Return what asks for the next page."""
        given = {"first": PER_PAGE, "source": self.source, "after": self.after}
        shown = ", ".join(f"{name}: {json.dumps(value)}" for name, value in given.items() if value)
        fields = f"{NEEDED} {FAMILY}" if self.source else NEEDED
        return f"pipelines({shown}) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ {fields} }} }}"

    def take(self, answer: Any) -> None:
        """Keep a page. Raises Refused for what is none."""
        page = answer.get("pageInfo") if isinstance(answer, dict) else None
        nodes = answer.get("nodes") if isinstance(answer, dict) else None
        if not isinstance(page, dict) or not isinstance(nodes, list):
            raise Refused("its list of pipelines is none")
        ids = [number_of(node.get("id")) for node in nodes if isinstance(node, dict)]
        self.nodes |= {gitid: node for gitid, node in zip(ids, nodes, strict=False) if gitid}
        cursor = page.get("endCursor")
        is_last = not page.get("hasNextPage") or not isinstance(cursor, str) or cursor == self.after
        self.after = None if is_last else str(cursor)
        self.lowest = -1 if is_last else min((one for one in ids if one), default=self.lowest)

    def drop(self, above: int) -> None:
        """Forget those that nobody will ask for again."""
        self.nodes = {gitid: node for gitid, node in self.nodes.items() if gitid < above}


class Completion:
    """Gives pipelines what lists leave out, and says once where that takes a call for each.

    `listed` are all that the lists give, newest first, where they were followed from their tops.
    """

    def __init__(self, context: Context, repository: Repository) -> None:
        self.context = context
        self.repository = repository
        client = context.client
        self.graph = Client(client.base.removesuffix("/v4"), client.token, client.rate_limit)
        self.is_there = client not in WITHOUT
        self.walks = dict[bool, PipelineWalk]()
        self.bridges = Bridges(context, repository)
        self.has_details = self.has_family = True
        """Whether REST gives one pipeline; whether GraphQL tells who made one."""
        self.commits_of_children = set[Any]()
        """Where GraphQL does not: those of whose pipelines the bridges are asked for."""

    def plan(self, listed: Iterable[Json], due: Iterable[Json]) -> None:
        """Choose pages of a list where they are fewer than queries for those that are due."""
        wanted = {record["id"] for record in due}
        for is_child, source, most in (
            (False, None, PER_QUERY),
            (True, CHILDREN, CHILDREN_PER_QUERY),
        ):
            alike = [one["id"] for one in listed if (one.get("source") == CHILDREN) is is_child]
            places = [place for place, gitid in enumerate(alike, 1) if gitid in wanted]
            if places and places[-1] / PER_PAGE < len(places) / most:
                self.walks[is_child] = PipelineWalk(source)

    def find(self, records: Sequence[Json]) -> dict[int, Json]:
        """Return what GraphQL says of pipelines, newest first, by id."""
        nodes = dict[int, Json]()
        if not self.is_there:
            return nodes
        for is_child in (False, True):
            alike = [one for one in records if (one.get("source") == CHILDREN) is is_child]
            try:
                if walk := self.walks.get(is_child):
                    nodes |= self.follow(walk, alike)
            except Refused:
                del self.walks[is_child]  # one by one it may be less to ask for
            lacking = [one for one in alike if one["id"] not in nodes]
            try:
                nodes |= self.ask_by_number(lacking, is_child=is_child and self.has_family)
            except Refused as refusal:
                if not (is_child and self.has_family):
                    self.give_up(refusal)
                    return nodes
                self.has_family = False
                self.commits_of_children |= {one.get("sha") for one in lacking}
                return nodes | self.find(lacking)
        return nodes

    def follow(self, walk: PipelineWalk, alike: Sequence[Json]) -> dict[int, Json]:
        """Return those of some pipelines that a list has. Raises Refused."""
        ids = {one["id"] for one in alike}
        if not ids:
            return {}
        while walk.lowest > min(ids):
            walk.take(self.ask_project(f"list: {walk.query()}").get("list"))
        nodes = {gitid: node for gitid, node in walk.nodes.items() if gitid in ids}
        walk.drop(min(ids))
        return nodes

    def ask_by_number(self, records: Sequence[Json], *, is_child: bool) -> dict[int, Json]:
        """Return what GraphQL says of pipelines, by id. Raises Refused."""
        numbers = [one["iid"] for one in records if isinstance(one.get("iid"), int)]
        nodes = self.find_numbered(numbers, f"{NEEDED} {FAMILY if is_child else ''}", is_child)
        return {gitid: node for node in nodes if (gitid := number_of(node.get("id")))}

    def find_numbered(
        self, numbers: Sequence[int], fields: str, is_long: bool = False
    ) -> Iterator[Json]:
        """Yield those pipelines that there are of some numbers. Raises Refused."""
        most = CHILDREN_PER_QUERY if is_long else PER_QUERY
        for first in range(0, len(numbers), most):
            asked = [
                f'p{iid}: pipeline(iid: "{iid}") {{ {fields} }}'
                for iid in numbers[first : first + most]
            ]
            answer = self.ask_project(" ".join(asked))
            yield from (node for node in answer.values() if isinstance(node, dict))

    def ask_project(self, fields: str) -> Json:
        """Return some fields of the project. Raises Refused.

        A key that REST takes need not be one for GraphQL; one that expires REST will tell of.
        """
        name = json.dumps(str(self.repository.record.get("path_with_namespace")))
        query = f"{{ project(fullPath: {name}) {{ {fields} }} }}"
        try:
            answer = self.graph.send("POST", "/graphql", {"query": query})
            body = read_object(answer.body, "graphql")
        except ApiError as problem:
            raise Refused(str(problem), is_absent=problem.is_gone) from problem
        data = body.get("data")
        project: Any = data.get("project") if isinstance(data, dict) else None
        if not isinstance(project, dict):
            raise Refused(describe_errors(body) or "it does not know the project")
        return project

    def give_up(self, refusal: Refused) -> None:
        """Ask GraphQL nothing more of this project, and say so; once for a server without it."""
        self.is_there = False
        if refusal.is_absent:
            WITHOUT.add(self.context.client)
        self.context.reporter.say(
            f"{self.repository.name}: GraphQL is not to be had ({refusal}): "
            "each pipeline takes a call of its own"
        )

    def complete(self, record: Json, node: Json | None) -> Json:
        """Return a pipeline that has everything, by a call where it has not and `node` is None.

        Raises ApiError.
        """
        if node is None and "finished_at" in record:
            return record
        if node is None or is_torn(record, node):
            path = f"{self.repository.path}pipelines/{record['id']}"
            return read_object(self.context.client.get(path).body, AT)
        user = node.get("user")
        return {
            **record,
            "started_at": node.get("startedAt"),
            "finished_at": node.get("finishedAt"),
            "duration": node.get("duration"),
            "warnings": node.get("warnings"),
            "user": user if isinstance(user, dict) else None,
        }

    def find_family(self, record: Json, node: Json | None) -> tuple[Json | None, list[Json] | None]:
        """Return who made a pipeline, and its bridges, the jobs by which it makes others.

        GraphQL tells the first of a child; where it does not, the second are asked for of those
        that may have made one. Raises ApiError.
        """
        parent = parent_of(node or {})
        if parent and parent["pipeline_id"] and not parent["job_id"]:
            parent |= self.bridges.find_maker(parent["pipeline_id"], record["id"])
        is_asked = node is None or record.get("sha") in self.commits_of_children
        bridges = self.bridges.of(record["id"]) if is_asked and may_have_jobs(record) else None
        return parent, bridges


def describe_errors(body: Json) -> str:
    """Return what GraphQL says of a query that it refuses."""
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    said = first.get("message") if isinstance(first, dict) else first
    return f"it refuses the query: {str(said)[:200]}" if errors else ""


def number_of(gid: object) -> int | None:
    """Return the number of a global id, `gid://gitlab/Ci::Pipeline/12`."""
    text = str(gid).rpartition("/")[2]
    return int(text) if text.isdecimal() else None


def parent_of(node: Json) -> Json | None:
    """Return the pipeline and the job that made one."""
    above, job = node.get("upstream"), node.get("sourceJob")
    if not isinstance(above, dict):
        return None
    made = job if isinstance(job, dict) else {}
    return {
        "pipeline_id": number_of(above.get("id")),
        "job_id": number_of(made.get("id")),
        "name": made.get("name"),
    }

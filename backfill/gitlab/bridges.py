"""Bridges: the jobs of a pipeline that make other pipelines, which no list of jobs has.

https://docs.gitlab.com/api/jobs/#list-pipeline-trigger-jobs
"""

from backfill.http.errors import ApiError
from backfill.http.pagination import fetch_pages, know_nothing
from backfill.pipeline.api_objects import read_named
from backfill.pipeline.context import Context
from backfill.records import Json, Repository


class Bridges:
    """The bridges of a project's pipelines, each asked for once; none where a key sees none."""

    def __init__(self, context: Context, repository: Repository) -> None:
        self.context = context
        self.repository = repository
        self.known = dict[int, list[Json]]()
        self.is_there = True

    def of(self, run: int) -> list[Json]:
        """Return the bridges of a pipeline. Raises ApiError."""
        if run in self.known or not self.is_there:
            return self.known.get(run, [])
        pipeline, client = f"{self.repository.path}pipelines/{run}", self.context.client
        try:
            pages = fetch_pages(client, f"{pipeline}/bridges?per_page=100", know_nothing)
            self.known[run] = [one for page in pages for one in read_named(page.body)[0]]
        except ApiError as problem:
            if not problem.is_hidden:
                raise
            if problem.is_gone:
                client.get(pipeline)  # or it is the pipeline that is gone
            self.is_there = False
            why = f"bridges are not to be had ({problem}): who made a child is not known"
            self.context.reporter.say(f"{self.repository.name}: {why}")
        return self.known.get(run, [])

    def find_maker(self, parent: int, child: int) -> Json:
        """Return the bridge of one pipeline that made another, with its name. Raises ApiError."""
        made = [one for one in self.of(parent) if child_of(one).get("id") == child]
        return {"job_id": made[0]["id"], "name": made[0].get("name")} if made else {}


def child_of(bridge: Json) -> Json:
    """Return the pipeline that a bridge made."""
    child = bridge.get("downstream_pipeline")
    return child if isinstance(child, dict) else {}

"""Branches and workflows as GitHub lists them; what a list leaves out is asked for by itself.

A list of branches has no count: one that ends too soon, or hides some, looks like any other. So a
stored branch is called deleted only where there is none of its name either.

https://docs.github.com/rest/branches/branches
https://docs.github.com/rest/actions/workflows
"""

import json
from collections.abc import Iterable
from functools import partial
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection

from backfill.github.repository_lookup import map_each, map_objects
from backfill.http.errors import ApiError
from backfill.http.list_body import read_items
from backfill.http.pagination import (
    FetchedPage,
    Known,
    fetch_page,
    fetch_pages,
    fetch_whole_list,
    know_nothing,
    know_pages,
    know_stored,
    put_pages,
)
from backfill.pipeline.api_objects import fetch_record, has_name, read_named, read_object
from backfill.pipeline.context import Context
from backfill.records import Json, Repository, Unread, UnreadItem
from engines import reading
from rows import fields
from rows.counted import counted
from store.deliveries.table import now as clock
from store.reads import for_audit, for_backfill
from store.reads.for_backfill import StoredWorkflow
from store.state import notes
from store.write.renames import name_runs

BRANCHES, UNLISTED = "branches?per_page=100", "branches not listed"
WORKFLOWS, FLOWS = "actions/workflows?per_page=100", "workflows listed"
DELETED = "deleted"
MOST = 100
"""Branches that a list leaves out, asked for by name at a time."""


def read_branches(context: Context, repository: Repository) -> None:
    """Store the branches; one that a whole list leaves out is deleted if none has its name.

    Nothing is done when no page changed and no branch is known to be left out. Raises ApiError.
    """
    known, broken = know_stored(context.engine, repository.repoid), list[ApiError]()
    pages = list(fetch_pages(context.client, repository.path + BRANCHES, known, broken))
    is_whole = True
    listed: set[str] | None = None
    if broken or any(page.body is not None for page in pages):
        pages, is_whole, problem = fetch_whole_list(context.client, repository.path + BRANCHES)
        if problem:
            context.reporter.report(f"{repository.name}: some branches are not read: {problem}")
        listed = set()
        for page in pages:
            records = read_items(page.body)
            branches = map_objects(context, "branch", records, repository)
            listed |= {branch["name"] for branch in read_named(page.body, name="name")[0]}
            is_whole = is_whole and len(branches) == len(records)
            context.writer.put(branches)
    if is_whole:  # else one that cannot be read could be any
        settle_unlisted(context, repository, pages, listed)


def settle_unlisted(
    context: Context, repository: Repository, pages: list[FetchedPage], listed: set[str] | None
) -> None:
    """Ask for the stored branches that are not `listed`, None where the list is as it was.

    So many at a time: those that are left, and those that are there all the same, come later.
    """
    subject = str(repository.repoid)
    context.writer.flush()
    with reading(context.engine).connect() as connection:
        live = for_audit.list_heads(connection, repository.repoid).keys()
        before: list[str] = json.loads(notes.text(connection, subject, UNLISTED) or "[]")
    if listed is None and not before:
        return
    names = [name for name in before if name in live and name not in (listed or ())]
    if listed is not None:
        names = [*sorted({*live, repository.default_branch} - {"", *listed, *before}), *names]
    known = know_stored(context.engine, repository.repoid)
    asked = list(
        context.pool.spread(
            partial(ask_for_branch, context, repository, name, known) for name in names[:MOST]
        )
    )
    there = [branch for _, answer in asked if answer for branch in answer if branch]
    absent = [name for name, answer in asked if answer == (None,)]
    gone = [{"name": name} for name in absent if name in live]
    if gone:  # To a key that may see none any more, all look like that: then the list does, too.
        seen = know_pages({page.key: page for page in pages})
        fetch_page(context.client, repository.path + BRANCHES, seen)
    records = [branch.body for branch in there if branch.body is not None]
    reads = map_objects(context, "branch", records, repository)
    if listed is not None and there:
        told = counted(len(there), "branch is", "branches are")
        context.reporter.say(f"{repository.name}: {told} there and not listed")
    left = [*names[MOST:], *(name for name, _ in asked if name not in absent)]

    def note(connection: Connection) -> None:
        stored = there if len(reads) == len(records) else []
        put_pages(connection, repository.repoid, [*pages, *stored])
        notes.put(connection, subject, UNLISTED, json.dumps(left))

    context.writer.put(reads)
    context.writer.put(map_objects(context, "branch_gone", gone, repository), note)


def ask_for_branch(
    context: Context, repository: Repository, name: str, known: Known
) -> tuple[str, tuple[FetchedPage | None] | None]:
    """Return a name and what `find_branch` says; None where it cannot be read now."""
    home, owner = repository.path.rstrip("/"), repository.repoid
    return name, context.due.read(
        context.client,
        owner,
        f"branch {name}",
        home,
        lambda: (find_branch(context, repository, name, known),),
    )


def find_branch(
    context: Context, repository: Repository, name: str, known: Known
) -> FetchedPage | None:
    """Return a branch by its name, None where there is none: it was deleted or renamed.

    A name that was another's leads to that one. Raises ApiError.
    https://docs.github.com/rest/branches/branches#get-a-branch
    """
    try:
        path = f"{repository.path}branches/{quote(name)}"
        fetched = fetch_record(context, path, known)
    except ApiError as problem:
        if not problem.is_gone:
            raise
        return None
    is_other = fetched.body is not None and fetched.body.get("name") != name
    return None if is_other else fetched


def list_branches(
    context: Context, repository: Repository, stored: Iterable[str], unread: Unread
) -> dict[str, str | None] | None:
    """Return what each branch points at; None where the list would not stand still.

    Those `stored` that it leaves out are asked for by name: a head is None where one could not be.
    """
    pages, is_whole, problem = fetch_whole_list(context.client, repository.path + BRANCHES)
    if problem:
        raise problem
    if not is_whole:
        return None
    records = [one for page in pages for one in read_items(page.body)]
    heads = dict(map_each(context, "branch", map_branch, records, unread))
    names = sorted({*stored, repository.default_branch} - {"", *heads})
    heads |= dict.fromkeys(names[MOST:])
    if names[MOST:]:
        why = counted(
            len(names) - MOST,
            "branch that it leaves out is not asked for by name",
            "branches that it leaves out are not asked for by name",
        )
        unread.append(UnreadItem("branches", "list", why))
    for name in names[:MOST]:
        try:
            branch = find_branch(context, repository, name, know_nothing)
        except ApiError as problem:
            if not problem.is_unsteady:
                raise
            unread.append(UnreadItem("branch", name, str(problem)))
            heads[name] = None
            continue
        heads |= map_each(context, "branch", map_branch, [branch.body] if branch else [], unread)
    return heads


def map_branch(branch: Json) -> tuple[str, str | None]:
    """Return the name of a listed branch and its head. Raises Unmappable."""
    name = fields.key(fields.text, branch, "name", "branch")
    commit = fields.child(branch, "commit", "branch") or {}
    return name, fields.key(fields.sha, commit, "sha", "branch.commit")


def read_workflows(context: Context, repository: Repository) -> None:
    """Store the workflows, those by their ids that the list leaves out. Raises ApiError."""
    path, subject = repository.path + WORKFLOWS, str(repository.repoid)
    context.writer.flush()
    with reading(context.engine).connect() as connection:
        stored = for_backfill.list_workflows(connection, repository.repoid)
        noted = notes.text(connection, subject, FLOWS)
    known, broken = know_stored(context.engine, repository.repoid), list[ApiError]()
    pages = list(fetch_pages(context.client, path, known if noted else know_nothing, broken))
    is_changed = any(page.body is not None for page in pages)
    if is_changed and not all(page.body is not None for page in pages):
        pages = list(fetch_pages(context.client, path, know_nothing, broken))
    bodies = (page.body for page in pages if page.body is not None)
    records = [flow for body in bodies for flow in read_items(body, "workflows")]
    ids = (flow["id"] for flow in records if has_name(flow))
    listed = set(ids if is_changed else json.loads(noted or "[]"))
    for workflow in stored:
        if workflow.gitid not in listed and workflow.state != DELETED and not broken:
            records.append(read_unlisted_workflow(context, repository, workflow))
            listed.add(workflow.gitid)  # not asked for again before the list is another
    states: dict[Any, str | None] = {one.gitid: one.state for one in stored}
    for record in records:
        # GitHub need not say when a workflow's state became another: it has, since we looked last.
        state = record.get("state") if has_name(record) else None
        if state != (states.get(record.get("id"), state) if state else None):
            record["updated_at"] = f"{clock().isoformat()}Z"
    workflows = map_objects(context, "workflow", records, repository)

    def note(connection: Connection) -> None:
        put_pages(connection, repository.repoid, pages)
        name_runs(connection, repository.repoid)
        notes.put(connection, subject, FLOWS, json.dumps([one for one in listed if one]))

    # A page with one that cannot be read is asked for again, though it is unchanged.
    is_whole = len(workflows) == len(records) and not broken and bool(records or is_changed)
    context.writer.put(workflows, note if is_whole else None)
    if broken:
        raise broken[0]


def read_unlisted_workflow(
    context: Context, repository: Repository, stored: StoredWorkflow
) -> Json:
    """Return a workflow that is stored and not listed, as it is now. Raises ApiError."""
    gitid, name, path, url, _ = stored
    try:
        answer = context.client.get(f"{repository.path}actions/workflows/{gitid}")
        return read_object(answer.body, "workflow")
    except ApiError as problem:
        if not problem.is_gone:
            raise
    return {"id": gitid, "name": name, "path": path, "html_url": url, "state": DELETED}

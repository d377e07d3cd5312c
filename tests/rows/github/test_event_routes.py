"""Which events are routed, and what of the API is refused."""

from typing import Any

import pytest

from rows import Unmappable
from rows.github import events, source
from tests.rows.objects import REPOSITORY, RUN, WORKFLOW, mapped, only, tables


def test_every_event_we_ask_for_is_routed_and_no_other_is_listed_as_ignored():
    routed = {"push", "create", "delete", "repository", "workflow_run", "workflow_job"}
    assert set(events.EVENTS) == routed
    assert not routed & source.IGNORED
    assert "ping" not in source.IGNORED  # it is answered, not ignored
    assert {"check_run", "pull_request", "workflow_dispatch", "star"} <= source.IGNORED


def test_repository_event_brings_nothing_but_the_repository():
    assert tables(mapped("repository", {"action": "deleted"})) == []


@pytest.mark.parametrize("kind", events.READS)
@pytest.mark.parametrize("value", [None, "x", 7, []])
def test_read_object_that_is_none_is_refused(kind: str, value: Any):
    key = "branch" if kind == "branch_gone" else kind
    with pytest.raises(Unmappable, match=rf"^payload\.{key}: "):
        events.rows_read(kind, {"repository": REPOSITORY, key: value})


@pytest.mark.parametrize("odd", [None, "30", -1, 1.5])
def test_workflow_whose_id_cannot_be_read_costs_the_run_nothing(odd: object):
    whole = mapped("workflow_run", {"workflow_run": RUN, "workflow": WORKFLOW})
    found = mapped("workflow_run", {"workflow_run": RUN, "workflow": {**WORKFLOW, "id": odd}})
    assert tables(found) == ["workflowruns", "runattempts"]
    assert only(found, "workflowruns") == only(whole, "workflowruns")
    assert [note.partition(": ")[0] for note in found.notes] == ["workflow.id"]

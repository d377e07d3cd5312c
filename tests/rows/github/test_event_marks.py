"""Bodies that come under the header of another event are refused, by the field that tells."""

import json
from pathlib import Path
from typing import Any

import pytest

from rows import Unmappable
from rows.github.events import EVENTS, rows_for
from tests.rows import objects

FOLDER = Path(__file__).parents[2] / "fixtures" / "github"
RECORDED = sorted(FOLDER.glob("*__*.json"))
REPOSITORY = {"repository": objects.REPOSITORY, "sender": {"login": "mona"}}


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_recorded_body_is_refused_under_every_other_event(file: Path):
    own, payload = file.name.partition("__")[0], json.loads(file.read_text())
    # A deletion says nothing that a creation does not: its stub of a branch changes nothing.
    others = {event for event in EVENTS if (own, event) not in ((own, own), ("delete", "create"))}
    for event in others:
        with pytest.raises(Unmappable, match=r"^\w+\.\w+: "):
            rows_for(event, payload)


@pytest.mark.parametrize(
    ("event", "body", "why"),
    [
        ("repository", {"action": "started"}, "payload.action: is none of a repository event"),
        (
            "repository",
            {"action": "deleted", "starred_at": None},
            "payload.starred_at: is in no body of a repository event",
        ),
        (
            "workflow_run",
            {"action": "created", "workflow_run": objects.RUN, "deployment_status": {}},
            "payload.deployment_status: is in no body of a workflow_run event",
        ),
        (
            "delete",
            {"ref": "main", "ref_type": "branch", "master_branch": "main"},
            "payload.master_branch: is in no body of a delete event",
        ),
        ("workflow_run", {"action": "completed"}, "payload.workflow_run: is missing"),
    ],
)
def test_body_of_another_event_is_refused(event: str, body: dict[str, Any], why: str):
    with pytest.raises(Unmappable) as refused:
        rows_for(event, {**body, **REPOSITORY})
    assert str(refused.value) == why

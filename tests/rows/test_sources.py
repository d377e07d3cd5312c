"""Each provider has its vendor, and nobody else knows one."""

import pytest

from rows import Unmappable
from rows.sources import (
    CHILDREN,
    ERRANDS,
    PROPOSALS,
    SCHEDULES,
    SOURCES,
    UNNAMED,
    Source,
    source_of,
)
from schema.tables import main_views


@pytest.mark.parametrize("provider", ["github", "github:ghes.example.org"])
def test_provider_of_any_server_gives_its_vendor(provider: str) -> None:
    assert source_of(provider) is SOURCES["github"]


@pytest.mark.parametrize("provider", ["", "githubs", "bitbucket:example.org"])
def test_provider_nobody_knows_is_refused(provider: str) -> None:
    with pytest.raises(Unmappable, match="known are github"):
        source_of(provider)


@pytest.mark.parametrize("source", SOURCES.values())
def test_events_that_carry_rows_are_described_and_not_ignored(source: Source) -> None:
    assert not set(source.events) & source.ignored
    assert all(source.events.values())


def test_views_of_the_default_branch_leave_out_proposals_and_errands_of_all_vendors() -> None:
    # Spelled out there: another event needs a migration, which makes the views anew.
    assert ", ".join(f"'{event}'" for event in PROPOSALS) == main_views.PROPOSALS
    assert ", ".join(f"'{event}'" for event in CHILDREN) == main_views.CHILDREN
    assert ", ".join(f"'{event}'" for event in SCHEDULES) == main_views.SCHEDULES
    assert main_views.UNNAMED == UNNAMED
    assert ERRANDS == main_views.ERRANDS


def test_links_are_pages_of_the_repository() -> None:
    links = source_of("github").links
    page = links.repository("https://ghes.example.org/org/repo/actions/runs/7")
    assert page == "https://ghes.example.org/org/repo"
    assert links.compare(page, "a", "b") == f"{page}/compare/a...b"
    assert links.new_issue(page, "a & b", "c\nd") == f"{page}/issues/new?title=a+%26+b&body=c%0Ad"


@pytest.mark.parametrize(
    ("payload", "runs"),
    [
        ({"workflow_run": {"id": 7}}, {7}),
        ({"workflow_job": {"id": 1, "run_id": 7}}, {7}),
        ({"workflow_run": [7], "workflow_job": {"run_id": "7"}}, set()),
        ({}, set()),
    ],
)
def test_payload_names_the_runs_it_speaks_of_whatever_it_holds(
    payload: dict[str, object], runs: set[int]
) -> None:
    assert source_of("github").runs_of(payload) == runs

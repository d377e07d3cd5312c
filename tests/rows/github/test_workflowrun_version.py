"""The order of a run's records: the later one has the greater version."""

from typing import Any

from tests.rows.objects import only, run_rows


def order(**changes: Any) -> bytes:
    """Return the version of a run; its attempt is ordered alike."""
    rows = run_rows(**changes)
    version = only(rows, "workflowruns")["version"]
    assert version == only(rows, "runattempts")["version"]
    assert isinstance(version, bytes)
    return version


def test_versions_of_a_run_rise_over_its_life():
    later = {"updated_at": "2026-03-02T13:00:00Z"}
    queued = order(status="queued", conclusion=None)
    lives = [
        queued,
        order(status="in_progress", conclusion=None),
        order(conclusion="action_required"),
        order(status="queued", conclusion=None, **later),
        order(conclusion="failure"),
        order(conclusion="success", **later),
        order(run_attempt=2, status="queued", conclusion=None),
    ]
    assert lives == sorted(lives)
    assert len(set(lives)) == len(lives)


def test_approved_run_of_a_first_time_contributor_wins_over_its_action_required():
    held = order(conclusion="action_required")
    assert held < order(status="queued", conclusion=None, updated_at="2026-03-02T12:05:01Z")
    assert held < order(conclusion="success")

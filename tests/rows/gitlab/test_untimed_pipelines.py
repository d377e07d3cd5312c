"""A pipeline of which a hook does not say when it was created."""

from datetime import datetime

import pytest

from tests.rows.gitlab.payloads import job, pipeline
from tests.rows.gitlab.test_events import rows_of, told


@pytest.mark.parametrize("odd", [None, "yesterday"])
def test_pipeline_without_a_time_has_that_of_its_first_job_else_of_its_end(odd: str | None):
    jobs = (job(8, "b", created_at="2021-10-07 08:05:00 UTC"), job(7, "a"))
    hook = pipeline(*jobs, created_at=odd, finished_at="2021-10-07 08:30:00 UTC")
    (row,) = rows_of(told("pipeline", hook), "workflowruns")
    first = min(one["created_at"] for one in hook["builds"])
    assert row["createtime"] == datetime.fromisoformat(first.removesuffix(" UTC"))
    (attempt,) = rows_of(told("pipeline", hook), "runattempts")
    assert attempt["createtime"] == row["createtime"]
    (row,) = rows_of(told("pipeline", {**hook, "builds": []}), "workflowruns")
    assert row["createtime"] == datetime(2021, 10, 7, 8, 30)

"""What of a batch is written: nothing twice, and nothing that another row of it brings."""

from rows import Mapped, Row
from rows.version import STUB
from store.doors.api import Read, is_covered, joined, lock_of

NEWER = b"\x02" * 8


def read(*rows: Row, name: str = "octo-org/app", counted: tuple[str, ...] = ("jobs",)) -> Read:
    """Return an object of the API as rows of a repository."""
    values: dict[str, object] = {"provider": "github", "gitid": 1, "name": name, "version": NEWER}
    return Read(Mapped("github", Row("repos", values), rows), frozenset(counted))


def run_stub(gitid: int = 5, branch: str = "main") -> Row:
    """Return what a job says of its run."""
    told = {"provider": "github", "gitid": gitid, "branchname": branch, "version": STUB}
    return Row("workflowruns", told)


def job(gitid: int) -> Row:
    """Return a job of run 5."""
    told = {"provider": "github", "gitid": gitid, "rungitid": 5, "version": NEWER}
    return Row("jobs", told)


def test_jobs_of_a_run_become_one_object_with_one_stub_of_it():
    (found,) = joined([read(job(1), run_stub()), read(job(2), run_stub()), read(job(3))])
    assert found == read(job(1), run_stub(), job(2), job(3))


def test_stubs_that_say_something_else_are_all_kept():
    (found,) = joined([read(run_stub(5), run_stub(6)), read(run_stub(5, "other"))])
    assert found.mapped.rows == (run_stub(5), run_stub(6), run_stub(5, "other"))


def test_rows_of_one_table_in_one_object_are_all_kept():
    (found,) = joined([read(job(1), job(2), run_stub(), job(3))])
    assert found.mapped.rows == (job(1), job(2), run_stub(), job(3))


def test_objects_that_say_otherwise_of_their_repository_or_count_otherwise_stay_apart():
    batch = [read(job(1)), read(job(2), name="octo-org/new"), read(job(3), counted=())]
    assert joined(batch) == batch


def test_stub_is_covered_by_a_row_that_brings_all_it_says():
    full = {"gitid": 5, "branchname": "main", "event": "push", "version": NEWER}
    stub = {"gitid": 5, "branchname": "main", "version": STUB}
    assert is_covered(stub, full)
    assert not is_covered({**stub, "branchname": "other"}, full)
    assert not is_covered({**stub, "commithash": "c0ffee"}, full)
    assert not is_covered(stub, None)


def test_full_row_is_not_covered_by_another():
    full = {"gitid": 5, "branchname": "main", "version": NEWER}
    assert not is_covered(full, full)


def test_run_that_says_nothing_new_is_locked_by_its_key():
    values: dict[str, object] = {"provider": "github", "gitid": 5, "version": STUB}
    assert lock_of(run_stub(5)) == Row("workflowruns", values)

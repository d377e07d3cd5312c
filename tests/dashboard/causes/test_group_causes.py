"""Failures of one cause are one, and causes are ordered by how far they reach."""

from collections import Counter
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from config.groups import read_groups
from dashboard.causes.group_causes import group_causes, with_text
from dashboard.causes.shown_causes import list_owners
from dashboard.view.night_changes import JobChange
from store.rollups.night_summary import NightFailure

LAST = date(2026, 3, 10)


def change(
    repoid: int = 1,
    fingerprint: str | None = "1:f",
    nights: int = 1,
    job: str = "test",
    step: str = "Compile",
) -> JobChange:
    """Return a job that failed last night."""
    error = f"error of {fingerprint}" if fingerprint else None
    failure = NightFailure("Nightly", job, step, None, error, fingerprint, 7, "github", repoid)
    return JobChange(repoid, f"octo-org/{repoid}", failure, LAST, nights, True, False)


def test_one_cause_is_one_line_in_all_its_repositories():
    causes = group_causes([change(1), change(2, nights=3), change(1, job="lint")])
    (cause,) = causes
    assert cause.repos == {2: "octo-org/2", 1: "octo-org/1"}
    assert (cause.fingerprint, cause.nights, len(cause.changes)) == ("1:f", 3, 3)
    assert (cause.is_new, cause.is_news) == (False, True)


def test_causes_go_by_repositories_then_nights_then_jobs():
    wide = [change(1, "1:wide"), change(2, "1:wide")]
    long, short = [change(3, "1:long", nights=9)], [change(4, "1:short", nights=2)]
    many = [change(5, "1:many", job=str(number)) for number in range(40)]
    causes = group_causes([*many, *short, *long, *wide])
    assert [cause.fingerprint for cause in causes] == ["1:wide", "1:long", "1:short", "1:many"]


def test_exit_code_and_silence_are_no_cause_that_repositories_have_in_common():
    same = [change(1, "1:exit"), change(2, "1:exit"), change(2, "1:exit", job="lint")]
    silent = [change(3, None), change(4, None), change(4, None, step="Deploy")]
    causes = group_causes([*same, *silent], vague={"1:exit"})
    assert [(cause.fingerprint, len(cause.repos)) for cause in causes] == [(None, 1)] * 5
    assert [len(cause.changes) for cause in causes] == [2, 1, 1, 1, 1]
    assert causes[0].shown_error == "1:exit"


@given(
    st.lists(
        st.builds(
            change,
            st.integers(1, 4),
            st.sampled_from(["1:a", "1:b", "1:vague", None]),
            st.integers(1, 5),
            st.sampled_from(["test", "lint"]),
        )
    )
)
def test_each_failure_is_in_exactly_one_cause_in_any_order(changes: list[JobChange]):
    causes = group_causes(changes, vague={"1:vague"})
    assert Counter(one for cause in causes for one in cause.changes) == Counter(changes)
    reaches = [(len(cause.repos), cause.nights) for cause in causes]
    assert reaches == sorted(reaches, reverse=True)
    known = [cause.fingerprint for cause in causes if cause.fingerprint]
    assert len(known) == len(set(known))
    assert [set(cause.changes) for cause in group_causes(changes[::-1], {"1:vague"})] == [
        set(cause.changes) for cause in causes
    ]


def test_text_is_looked_for_in_all_that_a_line_says():
    changes = [change(1, "1:f"), change(2, None, step="Deploy")]
    for text, repoids in (
        ("ERROR OF", [1]),
        ("octo-org", [1, 2]),
        ("deploy", [2]),
        ("nightly", [1, 2]),
        ("", [1, 2]),
        ("none", []),
    ):
        assert [one.repoid for one in with_text(changes, text)] == repoids


def test_owners_of_a_cause_are_told_once_each():
    groups = read_groups('[all]\nrepos = ["*"]\nowner = "Core"\n[all.owners]\n"octo/api" = "Ada"\n')
    owners = list_owners(groups, ["octo/web", "octo/api", "octo/app"])
    assert [owner.name for owner in owners] == ["Core", "Ada"]

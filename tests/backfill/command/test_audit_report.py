"""A verdict as people read it: nothing in it breaks a line, and a long list ends."""

import json
import re
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from backfill.audit import findings
from backfill.audit.findings import Finding
from backfill.audit.verdict import Day, Span, Verdict, judge
from backfill.command import audit_report
from backfill.command.audit_report import FailedAudit
from backfill.records import ListedRun

SPAN = Span(datetime(2026, 3, 2), datetime(2026, 3, 4, 12))


def verdict(*missing: Finding) -> Verdict:
    return judge("github", 1, "org/app", SPAN, "command", [], missing, [])


def test_text_of_a_stranger_breaks_no_line():
    finding = Finding("branch", "a\nb", "is \x1b[31mred", workflow="C\rI")
    assert audit_report.format_finding(finding) == "branch a b (C I): is ?[31mred"


def test_people_are_told_the_first_findings_and_how_many_more_there_are():
    text = audit_report.format_verdict(verdict(*(Finding("commit", f"{n:03}") for n in range(203))))
    lines = text.splitlines()
    assert lines[0] == "org/app: 2026-03-02 00:00 to 2026-03-04 12:00 UTC"
    assert lines[-2:] == [
        "  and 3 more: --json names them all",
        "incomplete: 0 of 0 runs; missing: 203 commits",
    ]


def test_of_very_many_days_those_are_told_where_something_is_missing():
    days = [
        Day(f"Flow {flow:02}", SPAN.since.date() + timedelta(days=number), 5, 5, 0)
        for flow in range(20)
        for number in range(10)
    ]
    whole = verdict()._replace(days=tuple(days))
    assert len(audit_report.format_days(whole)) == 1 + 200
    lacking = [day._replace(stored=4, missing=1) for day in days[7:9]]
    told = audit_report.format_days(whole._replace(days=(*days, *lacking)))
    assert [line.split() for line in told[1:-1]] == [
        ["Flow", "00", "2026-03-09", "5", "4", "1"],
        ["Flow", "00", "2026-03-10", "5", "4", "1"],
    ]
    assert told[-1] == "  and 200 more: --json has them all"
    every = tuple(day._replace(missing=1) for day in days)
    assert len(audit_report.format_days(whole._replace(days=every * 2))) == 1 + 200 + 1


def test_machines_are_told_what_failed_too():
    report = audit_report.format_json(
        [verdict()], [FailedAudit("org/gone", "not found", 1, "github")]
    )
    assert json.loads(report)["failed"] == [
        {"repository": "org/gone", "vendor": "github", "error": "not found"}
    ]
    assert json.loads(report)["complete"] is False
    assert json.loads(audit_report.format_json([verdict()], []))["complete"] is True


def run(gitid: int) -> ListedRun:
    time = datetime(2026, 3, 2 + gitid % 2, 12)
    return ListedRun(gitid, 1, "completed", "success", time, time, gitid, 7, "CI")


def finding_of(kind: str, gitid: int) -> Finding:
    if kind not in findings.OF_RUNS or gitid == 0:
        return Finding(kind, f"{kind} {gitid}")
    return findings.finding_about(run(gitid), kind, f"{kind} {gitid}", "")


KINDS = sorted({*findings.OF_RUNS, *audit_report.NOUNS})
MISSING = st.lists(st.builds(finding_of, st.sampled_from(KINDS), st.integers(0, 9)), max_size=12)


@given(st.sets(st.integers(1, 7)), MISSING)
def test_numbers_of_a_verdict_agree_with_one_another(listed, missing):
    missing = [one for one in missing if one.run or one.kind in audit_report.NOUNS]
    made = judge("github", 1, "org/app", SPAN, "command", [run(one) for one in listed], missing, [])
    sentence = audit_report.format_conclusion(made)
    of_runs = re.search(r"(\d+) of (\d+) runs?(?:, (\d+) missing)?", sentence)
    stored, known, lacking = (int(number or 0) for number in of_runs.groups())
    assert known == len(listed | {one.run for one in missing if one.run})
    assert stored + lacking == known
    assert " 0 missing" not in sentence
    others = sum(int(number) for number in re.findall(r"(\d+) [a-z]", sentence.partition(";")[2]))
    assert others == len({one for one in missing if one.run is None})
    assert sentence.startswith("incomplete") == bool(missing) == bool(lacking or others)
    assert sum(day.listed for day in made.days) == known
    assert sum(day.stored for day in made.days) == stored
    assert sum(day.missing for day in made.days) == lacking


def test_verdict_with_all_runs_says_what_else_is_missing():
    lost = [Finding("commit", "abc"), Finding("branch", "a"), Finding("branch", "b")]
    made = judge("github", 1, "org/app", SPAN, "command", [run(1), run(2)], lost, [])
    assert audit_report.format_conclusion(made) == (
        "incomplete: 2 of 2 runs; missing: 2 branches, 1 commit"
    )
    job = findings.finding_about(run(2), findings.JOB, 5, "")
    made = judge("github", 1, "org/app", SPAN, "command", [run(1), run(2)], [*lost, job], [])
    assert audit_report.format_conclusion(made) == (
        "incomplete: 1 of 2 runs, 1 missing; also missing: 2 branches, 1 commit"
    )

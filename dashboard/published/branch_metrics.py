"""What `/metrics` says of default branches and of the last day's runs, by repository."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from dashboard.web.request import site, store
from store.history import red_now
from store.history.main_now import list_main
from store.history.missed_turns import read_missed
from store.reads.day_ends import list_day_ends
from store.state import alerts

DAY = timedelta(days=1)
MOST = 100_000
Sample = tuple[dict[str, str], float | None]
Metrics = Iterator[tuple[str, str, list[Sample]]]


def of_branches(now: datetime, labels: Mapping[int, dict[str, str]]) -> Metrics:
    """Yield how default branches stand, of the repositories that have labels."""
    every = red_now.list_red(store(), MOST)
    red = Counter(workflow.repoid for workflow in every)
    yield (
        "default_branch_red_workflows",
        "Workflows whose newest run on the default branch failed",
        [(label, red[repoid]) for repoid, label in labels.items()],
    )
    since: dict[int, datetime] = {}
    for workflow in every:
        since[workflow.repoid] = min(workflow.since, since.get(workflow.repoid, now))
    yield (
        "default_branch_red_age_seconds",
        "Seconds since the first of its red workflows is red; 0 where none is",
        [
            (label, (now - since.get(repoid, now)).total_seconds())
            for repoid, label in labels.items()
        ],
    )
    missed = Counter(each.repoid for each in read_missed(store(), site().plan, now))
    yield (
        "missed_nightlies",
        "Nightlies that were expected within a day, and did not run",
        [(label, missed[repoid]) for repoid, label in labels.items()],
    )
    longest: dict[int, float] = defaultdict(float)
    for run in list_main(store()):
        longest[run.repoid] = max(longest[run.repoid], run.runtime or 0.0)
    yield (
        "default_branch_run_seconds",
        "Seconds that the longest of the workflows' newest runs on the default branch took",
        [(labels[repoid], took) for repoid, took in longest.items() if repoid in labels],
    )


def of_last_day(now: datetime, labels: Mapping[int, dict[str, str]]) -> Metrics:
    """Yield how the runs of the last day ended."""
    ends = list_day_ends(store(), now - DAY)
    known = [(label, ends[repoid]) for repoid, label in labels.items() if repoid in ends]
    samples: list[Sample] = []
    for label, end in known:
        samples.append(({**label, "result": "passed"}, end.passed))
        samples.append(({**label, "result": "failed"}, end.failed))
    yield "day_runs", "Runs created within a day that passed or failed", samples
    yield (
        "day_run_seconds",
        "Seconds that all runs created within a day took",
        [(label, end.seconds) for label, end in known],
    )


def of_alerts(now: datetime) -> Metrics:
    """Yield how many messages wait, or did not arrive since a day."""
    samples: list[Sample] = [
        ({"target": count.target, "state": count.state}, count.number)
        for count in alerts.count_states(store(), now - DAY)
    ]
    text = "Messages that a default branch turned, which wait or were not surely sent within a day"
    yield "alerts", text, samples

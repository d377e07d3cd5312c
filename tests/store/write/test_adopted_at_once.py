"""Writers that claim at the same time end with one row of each thing."""

from sqlalchemy import Engine

from tests.store.production_doors import deliver, sent
from tests.store.write.unadopted import COMPLETED, adopted, run_of, stored
from tests.store.writers import together
from tests.stories import plain
from tests.stories.story import APP, PUSH, SHA, job_sent


def test_two_claimants_at_once_leave_one_repository(writers: list[Engine]):
    engine = writers[0]
    adopted(
        engine,
        {
            "repos": [{"Id": 4, "name": "octo-org/app"}, {"Id": 5, "name": "old"}],
            "workflowruns": [run_of("old")],
            "commits": [{"Id": 9, "hash": SHA}],
        },
    )
    hands = [
        [PUSH],
        [COMPLETED],
        [PUSH],
        [
            job_sent(
                "queued",
                next(
                    body["workflow_job"]
                    for name, body in plain.SUCCESS.deliveries
                    if name == "workflow_job"
                ),
            )
        ],
    ]

    def work(place: int) -> None:
        deliver(writers[place], [sent(*one, f"{place}") for one in hands[place]])

    together([lambda place=place: work(place) for place in range(4)])
    claimed = [row for row in stored(engine, "repos", "Id", "gitid") if row[1]]
    assert [gitid for _, gitid in claimed] == [APP[1]]
    assert stored(engine, "commits", "Id", "repoid") == [(9, claimed[0][0])]

"""A run of a time that cannot be has its page, and spoils none of the others'."""

from datetime import datetime

import pytest
from sqlalchemy import Engine, update

from schema.tables.ci import jobs, runattempts, workflowruns
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, MakeClient, text_of

FIRST, LAST = datetime(1000, 1, 1), datetime(9999, 12, 31, 23, 59, 59)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("odd", [FIRST, LAST])
def test_its_page_and_those_it_is_on_are_shown(
    make_client: MakeClient, store_url: str, engine: Engine, odd: datetime
):
    repoid = stored.repo(engine)
    gitid = stored.run(engine, repoid, NOW, title="an odd one")
    stored.job(engine, repoid, gitid, NOW, runnername="build-3")
    with engine.begin() as connection:
        for table in (workflowruns, runattempts, jobs):
            times = dict.fromkeys(("createtime", "starttime", "endtime", "updatetime"), odd)
            if table is jobs:
                del times["updatetime"]
            connection.execute(update(table).values(times))
    client = make_client(store_url, NIGHT_ZONE="Pacific/Kiritimati")
    assert "an odd one" in text_of(client, f"/runs/github/{gitid}")
    assert "an odd one" in text_of(client, "/runs")
    for page in ("/", "/time", "/figures", "/metrics"):
        text_of(client, page)
    if odd == FIRST:  # of later ones no page tells beside them
        assert "build-3" in text_of(client, "/runner?name=build-3")
        text_of(client, "/runner?name=build-4", 404)

"""What each version of GitLab sends becomes rows, and comes again as a duplicate."""

import pytest
import sqlalchemy as sa

from engines import reading
from fakegitlab.hooks import SECRET
from fakegitlab.sending import Sender
from listener.intake.intake import Intake
from schema.tables.ci import jobs, workflowruns
from schema.tables.deliveries import deliveries
from store.deliveries import table
from tests.fakegitlab.test_sending import SIGNING, VERSIONS, lived
from tests.listener.conftest import Public
from tests.listener.vendors.test_gitlab import TOKEN, with_secrets


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("way", ["asgi"], indirect=True)
@pytest.mark.parametrize("version", VERSIONS)
def test_listener_takes_what_each_version_sends(
    public: Public, intake: Intake, engine: sa.Engine, version: tuple[int, int]
):
    public.intake = with_secrets(intake, TOKEN, SIGNING)
    project, hooks = lived()
    own = Sender(
        project,
        "https://example.org/webhook",
        lambda body, headers: int(public.post(body, headers).status_code),
        token=TOKEN,
        signing=SIGNING,
        version=version,
    )
    assert {own.send(hook) for hook in hooks} == {200}
    assert own.resend(project.events[-1], hooks[-1].time) == 200
    with reading(engine).connect() as connection:
        run = connection.execute(sa.select(workflowruns)).mappings().one()
        found = {row.gitid for row in connection.execute(sa.select(jobs.c.gitid))}
        bodies = [one.body for _, one in table.read_page(connection, table.DeliveryFilter(), 0)]
        count = connection.execute(sa.select(sa.func.count(deliveries.c.Id))).scalar_one()
    (pipeline,) = project.pipelines.values()
    assert (run["gitid"], run["status"]) == (pipeline["id"], "completed")
    assert found == set(project.jobs)
    # Before there were ids two equal ones are one; a key tells that one was sent again.
    equal = len(hooks) - len({(hook.kind, repr(hook.payload)) for hook in hooks})
    assert count == len(hooks) + {(15, 0): -equal, (16, 2): 1}.get(version, 0)
    assert not any(SECRET.encode() in body for body in bodies)

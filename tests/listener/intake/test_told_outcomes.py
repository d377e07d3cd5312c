"""An outcome is told when it is durable, whatever is left to be done."""

import threading
import time

import sqlalchemy as sa

from tests.listener.asking import Public
from tests.listener.sending import changed, headers, recorded

RUN = "workflow_run__completed_success"


def post(public: Public, body: bytes, guid: str) -> int:
    """Return the code that a delivery is answered with."""
    return public.post(body, headers("workflow_run", body, X_GitHub_Delivery=guid)).status_code


def test_delivery_is_answered_before_its_connection_is_given_back(
    public: Public, engine: sa.Engine
):
    answered = threading.Event()

    def wait(*_: object) -> None:
        assert answered.wait(60)

    assert post(public, changed(RUN, workflow_run__id=1), "first") == 200
    while engine.pool.checkedout():
        time.sleep(0.01)
    sa.event.listen(engine, "checkin", wait)
    code = post(public, recorded(RUN), "second")
    answered.set()
    assert code == 200

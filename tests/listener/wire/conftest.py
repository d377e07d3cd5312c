"""One listener of each kind, as a process of its own."""

from collections.abc import Iterator

import pytest

from tests.conftest import clear_store
from tests.listener.process import Listener, running, running_on_gunicorn
from tests.listener.sending import SECRET

OLD = "the secret before this one"


@pytest.fixture(scope="module", params=["asgi", "flask"])
def process(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Listener]:
    """Run one listener of each kind, with two secrets, for all tests of this file."""
    folder, secrets = tmp_path_factory.mktemp("wire"), f"{SECRET},{OLD}"
    options = ("--threads", "4", "--keep-alive", "0")
    with (
        running(folder, secret=secrets)
        if request.param == "asgi"
        else running_on_gunicorn(folder, *options, WEBHOOK_SECRET=secrets)
    ) as listener:
        yield listener


@pytest.fixture
def listener(process: Listener) -> Listener:
    """Give the listener with an empty store."""
    clear_store(process.url)
    return process

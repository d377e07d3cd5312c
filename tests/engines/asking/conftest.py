"""Questions are tried on the store's own tables."""

import pytest

from engines import transaction
from tests.store.conftest import engine as engine
from tests.store.conftest import writers as writers


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a busy machine time to kill a session: a connection that is lost later hangs."""
    monkeypatch.setattr(transaction, "QUICK_SECONDS", 60.0)

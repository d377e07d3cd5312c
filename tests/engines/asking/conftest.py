"""Questions are tried on the store's own tables."""

from tests.store.conftest import engine as engine
from tests.store.conftest import writers as writers

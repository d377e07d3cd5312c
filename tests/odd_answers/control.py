"""A guard taken away, so that what is looked for can be seen."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from backfill.github import repository_lookup
from backfill.pipeline.due_items import DueItems


@contextmanager
def without_guard() -> Iterator[None]:
    """Believe that a repository is what it should be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repository_lookup, "read_object", lambda body, at: body)
        patch.setattr(repository_lookup, "read_field", lambda reader, body, key, at: str(body[key]))
        yield


@contextmanager
def without_names() -> Iterator[None]:
    """Name nothing that cannot be read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DueItems, "list_open", lambda self, owner: [])
        yield

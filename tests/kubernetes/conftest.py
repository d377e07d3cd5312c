"""Fixtures of the chart's tests: the chart, and a cluster."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kubernetes.api_server import Server
from tests.kubernetes.rendering import with_files


@pytest.fixture(scope="session")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the chart with the files of two retrievers."""
    return with_files(tmp_path_factory.mktemp("chart"))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Server]:
    """Give an empty cluster."""
    server = Server(tmp_path)
    yield server
    server.stop()

"""Fixtures of the chart's tests: the chart, and a cluster."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import databases
from tests.kubernetes.api_server import Server
from tests.kubernetes.kubelet import Kubelet
from tests.kubernetes.rendering import Object, objects, template, with_files
from tests.kubernetes.sense import pod_of


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


def run_pod(
    chart: Path, folder: Path, url: sa.URL, name: str, *retrievers: Object, killed: str = ""
) -> dict[str, tuple[int, str]]:
    """Render the chart and run the pod of a Job or CronJob of it."""
    values = {
        "database": {
            "url": url.render_as_string(hide_password=False),
            "bundled": {"enabled": False},
        },
        "dashboard": {"enabled": False},
        "retrievers": retrievers,
        "retrieverDefaults": {"waitSeconds": 1},
    }
    (folder / "values.json").write_text(json.dumps(values), "utf-8")
    made = template(chart, "--values", folder / "values.json")
    assert made.returncode == 0, made.stderr
    there = {(each["kind"], each["metadata"]["name"]): each for each in objects(made.stdout)}
    there["Secret", "runledger-database"] = {"stringData": {"password": "x"}}
    pods = [pod_of(there[key]) for key in there if key[1] == f"ci-runledger-{name}"]
    (pod,) = filter(None, pods)
    own = Path(tempfile.mkdtemp(dir=folder))
    return Kubelet(own / "pod", there).run(pod["spec"], killed.split())


@pytest.fixture(scope="session")
def migrated(chart: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.URL]:
    """Give a database whose schema the chart's migrations made."""
    folder = tmp_path_factory.mktemp("migrated")
    with databases.fresh("postgresql", folder) as text:
        url = sa.make_url(text)
        (ended,) = run_pod(chart, folder, url, "migrations").values()
        assert ended[0] == 0, ended
        yield url

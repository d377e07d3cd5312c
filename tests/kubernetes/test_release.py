"""Real helm installs, upgrades, rolls back and uninstalls the chart on the fake API server."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from schema.tables.packages import points
from tests.kubernetes.api_server import Server
from tests.kubernetes.kubelet import Kubelet
from tests.kubernetes.programs import HELM, KUBECTL, run
from tests.kubernetes.rendering import Object

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
SECRETS = {
    "runledger-database": ["password", "read-password", "migrate-password"],
    "runledger-webhook": ["secret"],
    "runledger-dashboard": ["password"],
}
Call = Callable[..., str]


@pytest.fixture
def call(cluster: Server, database_url: str) -> Call:
    """Give what runs helm or kubectl on the cluster; helm keeps releases in a database.

    Its own place for them are Secrets, which it sends as protobuf.
    """
    url = sa.make_url(database_url).set(drivername="postgres", query={"sslmode": "disable"})
    environ = {
        "KUBECONFIG": str(cluster.kubeconfig),
        "HELM_NAMESPACE": "ci",
        "HELM_DRIVER": "sql",
        "HELM_DRIVER_SQL_CONNECTION_STRING": url.render_as_string(hide_password=False),
    }

    def call(program: str, *arguments: str | Path, code: int = 0) -> str:
        done = run(program, *arguments, environ=environ)
        assert done.returncode == code, done.stderr + done.stdout
        return done.stderr if code else done.stdout

    return call


def make_secrets(call: Call, folder: Path) -> None:
    for name, keys in SECRETS.items():
        literals = [f"--from-literal={key}={'0' * 32}" for key in keys]
        # What kubectl creates itself it sends as protobuf, what is in a file as JSON.
        path = folder / "secret.json"
        dry = ["--dry-run=client", "-o", "json"]
        path.write_text(
            call(KUBECTL, "create", "secret", "generic", name, *literals, *dry), "utf-8"
        )
        call(KUBECTL, "create", "-f", path)


def test_release_lives_from_installation_to_removal(cluster: Server, call: Call, chart: Path):
    objects = cluster.cluster.objects

    def listener() -> Object:
        return objects["Deployment", "ci-runledger-listener"]["spec"]

    make_secrets(call, chart.parent)
    wait = ["--wait", "--timeout", "60s"]
    said = call(HELM, "install", "ci", chart, *wait)
    assert "kubectl -n ci rollout status deployment/ci-runledger-listener" in said
    assert listener()["replicas"] == 2
    assert hooks(cluster) == ["ADDED", "DELETED"]

    call(HELM, "upgrade", "ci", chart, *wait, "--set", "listener.replicas=3")
    assert listener()["replicas"] == 3
    assert hooks(cluster) == ["ADDED", "DELETED"] * 2

    call(HELM, "rollback", "ci", "1", *wait)
    assert listener()["replicas"] == 2
    assert "Rollback to 1" in call(HELM, "history", "ci")
    claims = objects["StatefulSet", "ci-runledger-database"]["spec"]["volumeClaimTemplates"]
    assert claims[0]["metadata"]["name"] == "store"

    call(HELM, "uninstall", "ci", "--wait")
    assert sorted(objects) == sorted(("Secret", name) for name in SECRETS)


def hooks(cluster: Server) -> list[str]:
    """Return what happened to the Job of the migrations."""
    own = [what for what, each in cluster.cluster.events if each["kind"] == "Job"]
    return [what for what in own if what != "MODIFIED"]


def test_installation_waits_for_the_secrets_that_the_notes_name(
    cluster: Server, call: Call, chart: Path
):
    said = call(HELM, "install", "ci", chart, "--wait", "--timeout", "2s", code=1)
    assert "ci-runledger-listener" in said
    make_secrets(call, chart.parent)
    call(HELM, "upgrade", "ci", chart, "--wait", "--timeout", "60s")


def test_change_that_a_cluster_refuses_leaves_the_release_as_it_was(
    cluster: Server, call: Call, chart: Path
):
    make_secrets(call, chart.parent)
    call(HELM, "install", "ci", chart)
    size = "database.bundled.storage=50Gi"
    assert "field is immutable" in call(HELM, "upgrade", "ci", chart, "--set", size, code=1)
    call(HELM, "rollback", "ci", "1")
    assert "deployed" in call(HELM, "status", "ci")


def test_job_that_is_made_of_the_cronjob_brings_rows(
    cluster: Server, call: Call, chart: Path, database_url: str, tmp_path: Path
):
    make_secrets(call, chart.parent)
    retriever = {
        "name": "myRetriever",
        "image": {"name": "python", "tag": "3.13-slim"},
        "script": {"name": "example.py", "secret": {"name": "x"}, "mountPath": "/mnt/x"},
    }
    values = {
        "database": {"url": database_url, "bundled": {"enabled": False}},
        "dashboard": {"enabled": False},
        "retrievers": [retriever],
    }
    (tmp_path / "values.json").write_text(json.dumps(values), "utf-8")
    call(HELM, "install", "ci", chart, "--values", tmp_path / "values.json")
    made = "cronjob/ci-runledger-retrievers"
    text = call(KUBECTL, "create", "job", "now", "--from", made, "--dry-run=client", "-o", "json")
    (tmp_path / "job.json").write_text(text, "utf-8")
    call(KUBECTL, "create", "-f", tmp_path / "job.json")

    hook = next(each for _, each in cluster.cluster.events if each["kind"] == "Job")
    for job in hook, cluster.cluster.objects["Job", "now"]:
        kubelet = Kubelet(tmp_path / job["metadata"]["name"], cluster.cluster.objects)
        ended = kubelet.run(job["spec"]["template"]["spec"])
        assert {code for code, _ in ended.values()} == {0}, ended
    with sa.create_engine(database_url).connect() as connection:
        query = sa.select(points.c.value).where(points.c.series == "builds").order_by(points.c.time)
        assert connection.scalars(query).all() == [3, 4]

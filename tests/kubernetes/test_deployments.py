"""Listener and pages run as their Deployments say; the bundled database gets its accounts."""

import base64
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
import sqlalchemy as sa

from schema import migrate
from tests import leftovers
from tests.kubernetes.kubelet import Kubelet, end, kill
from tests.kubernetes.rendering import CHART, Object, objects, rendered, template
from tests.kubernetes.sense import pod_of
from tests.postgresql import server
from tests.servers import free_port

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
PASSWORD = "0" * 32
LOGIN = {"Authorization": "Basic " + base64.b64encode(f":{PASSWORD}".encode()).decode()}
ENTRYPOINT = ["python", "deploy/entrypoint.py"]  # as in the Dockerfile


@pytest.mark.parametrize(
    ("name", "paths"), [("listener", ["/healthz", "/readyz"]), ("dashboard", ["/", "/metrics"])]
)
def test_server_answers_its_probes_and_ends_when_told(
    name: str, paths: list[str], engine_name: str, migrated: sa.URL, tmp_path: Path
):
    objects_there = installed(migrated.render_as_string(hide_password=False), tmp_path)
    pod = pod_of(objects_there["Deployment", f"ci-runledger-{name}"])
    assert pod is not None
    port = free_port()
    container = for_a_process(pod["spec"]["containers"][0], port)
    kubelet = Kubelet(tmp_path / "pod", objects_there)
    volumes = {each["name"]: kubelet.volume(each) for each in pod["spec"]["volumes"]}
    process = kubelet.start(pod["spec"], container, volumes)
    try:
        for path in paths:
            assert status(f"http://127.0.0.1:{port}{path}", process) == 200
        leftovers.send(signal.SIGTERM, leftovers.children(process.pid)[:1])
        code, log = end(process)
        assert code == 0, log
    finally:
        kill(process)


def installed(url: str, folder: Path) -> dict[tuple[str, str], Object]:
    """Return the objects of a release over a database, and the Secrets it names."""
    database = {"url": url, "readUrl": url, "bundled": {"enabled": False}}
    (folder / "values.json").write_text(json.dumps({"database": database}), "utf-8")
    made = template(CHART, "--values", folder / "values.json")
    assert made.returncode == 0, made.stderr
    there = {(each["kind"], each["metadata"]["name"]): each for each in objects(made.stdout)}
    keys = ("password", "read-password", "secret")
    secret = {"stringData": dict.fromkeys(keys, PASSWORD)}
    return there | {
        ("Secret", f"runledger-{of}"): secret for of in ("database", "webhook", "dashboard")
    }


def for_a_process(container: Object, port: int) -> Object:
    """Return a container as it runs beside others on one machine: at a port of its own."""
    own = {"PORT": str(port), "DASHBOARD_PORT": str(port), "HOST": "127.0.0.1"}
    env = [*container["env"], *({"name": name, "value": value} for name, value in own.items())]
    return {"command": ENTRYPOINT, **container, "env": env}


def status(url: str, process: "subprocess.Popen[str]") -> int:
    """Return how a server answers, once it does."""
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            code = requests.get(url, headers=LOGIN, timeout=5).status_code
        except requests.ConnectionError:
            code = 503
        if code != 503:
            return code
        time.sleep(0.1)
    raise AssertionError(f"{url} did not answer")


def test_accounts_of_the_bundled_database_may_read_and_only_one_logs_in(
    private_server: Callable[..., Any],
):
    url = sa.make_url(private_server().url)
    migrate.upgrade(url.render_as_string(hide_password=False))
    (job,) = (each for each in rendered(CHART, "default") if each["kind"] == "Job")
    pod = pod_of(job)
    assert pod is not None
    (container,) = pod["spec"]["containers"]
    assert container["image"] == "postgres:17"
    environ = {each["name"]: each.get("value", PASSWORD) for each in container["env"]}
    environ |= {"PGHOST": "127.0.0.1", "PGPORT": str(url.port), "PGUSER": "root"}
    environ |= {"PGDATABASE": "postgres", "PATH": f"{server.folder()}:{os.environ['PATH']}"}
    for _ in range(2):  # after each upgrade
        command = [*container["command"], *container["args"]]
        subprocess.run(command, env=environ, check=True, capture_output=True, timeout=60)
    plain = url.set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False)) as admin:
        query = "SELECT rolname FROM pg_authid WHERE rolname LIKE 'runledger%' AND rolpassword IS "
        assert admin.execute(query + "NOT NULL").fetchall() == [("runledger_dashboard",)]
        assert len(admin.execute(query + "NULL").fetchall()) == 3
    reader = plain.set(username="runledger_dashboard").render_as_string(hide_password=False)
    with psycopg.connect(reader) as pages:
        assert pages.execute("SELECT COUNT(*) FROM workflowruns").fetchone() == (0,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            pages.execute("DELETE FROM workflowruns")

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

from tests import leftovers
from tests.kubernetes.kubelet import Kubelet, end, kill
from tests.kubernetes.rendering import CHART, Object, objects, rendered, template
from tests.kubernetes.sense import pod_of
from tests.postgresql import server
from tests.servers import free_port

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
PASSWORD = "0" * 32
LOGIN = {"Authorization": "Basic " + base64.b64encode(f":{PASSWORD}".encode()).decode()}
PASSWORDS = {key: key[0] * 32 for key in ("password", "read-password", "migrate-password")}
ROLES = ("dashboard", "listener", "migrations")
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
    app = {"id": "123456", "existingSecret": "runledger-app"}
    values = {
        "database": database,
        "github": {"existingSecret": "runledger-github", "app": app},
        "settings": {"RECONCILE": "off"},  # it would ask GitHub
    }
    (folder / "values.json").write_text(json.dumps(values), "utf-8")
    made = template(CHART, "--values", folder / "values.json")
    assert made.returncode == 0, made.stderr
    there = {(each["kind"], each["metadata"]["name"]): each for each in objects(made.stdout)}
    keys = ("password", "read-password", "secret", "token", "private-key.pem")
    secret = {"stringData": dict.fromkeys(keys, PASSWORD)}
    return there | {
        ("Secret", f"runledger-{of}"): secret
        for of in ("database", "webhook", "dashboard", "github", "app")
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


def test_accounts_of_the_bundled_database_have_the_least_rights(
    private_server: Callable[..., Any], tmp_path: Path
):
    url = sa.make_url(private_server().url)
    there = {(each["kind"], each["metadata"]["name"]): each for each in rendered(CHART, "default")}
    there["Secret", "runledger-database"] = {"stringData": PASSWORDS}
    statements = there["ConfigMap", "ci-runledger-database-accounts"]["data"]["accounts.sql"]
    database = container_of(there["StatefulSet", "ci-runledger-database"])
    for _ in range(2):  # by the image, and after a password was changed
        psql(["psql", "-qX", "-v", "ON_ERROR_STOP=1"], database, url, "root", statements)
    make_schema(there, url, tmp_path)
    rights = container_of(there["Job", "ci-runledger-migrations"])
    assert rights["image"] == "postgres:17"
    for _ in range(2):  # after each upgrade
        psql([*rights["command"], *rights["args"]], rights, url)

    plain = url.set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False)) as admin:
        query = "SELECT rolname FROM pg_authid WHERE rolpassword IS NOT NULL ORDER BY 1"
        names = [name for (name,) in admin.execute(query)]
        assert names == ["runledger_dashboard", "runledger_listener", "runledger_migrations"]
        owner = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
        assert admin.execute(owner).fetchall() == [("runledger_migrations",)]
    may = {
        "SELECT COUNT(*) FROM workflowruns": {"dashboard", "listener", "migrations"},
        "SELECT body FROM deliveries": {"listener", "migrations"},
        "DELETE FROM workflowruns": {"listener", "migrations"},
        "ALTER TABLE workflowruns ADD tried INTEGER": {"migrations"},
        "CREATE ROLE tried": set(),
    }
    for statement, accounts in may.items():
        assert {each for each in ROLES if allowed(plain, each, statement)} == accounts, statement


def container_of(each: Object) -> Object:
    """Return the last container of an object's pods."""
    pod = pod_of(each)
    assert pod is not None
    return pod["spec"]["containers"][-1]


def psql(
    command: list[str], container: Object, url: sa.URL, user: str | None = None, text: str = ""
) -> None:
    """Run a command with a container's variables, its passwords too, beside a server."""
    environ = {
        each["name"]: each["value"]
        if "value" in each
        else PASSWORDS[each["valueFrom"]["secretKeyRef"]["key"]]
        for each in container["env"]
    }
    environ |= {"PGHOST": "127.0.0.1", "PGPORT": str(url.port), "PGDATABASE": "postgres"}
    environ |= {"PGUSER": user} if user else {}
    environ["PATH"] = f"{server.folder()}:{os.environ['PATH']}"
    subprocess.run(
        command, env=environ, input=text, check=True, capture_output=True, text=True, timeout=60
    )


def make_schema(there: dict[tuple[str, str], Object], url: sa.URL, folder: Path) -> None:
    """Run the container that makes the schema before a listener starts."""
    pod = pod_of(there["Deployment", "ci-runledger-listener"])
    assert pod is not None
    (container,) = pod["spec"]["initContainers"]
    (named,) = (each for each in container["env"] if each["name"] == "DATABASE_URL")
    own = sa.make_url(named["value"]).set(host="127.0.0.1", port=url.port, database=url.database)
    named["value"] = own.render_as_string(hide_password=False)
    kubelet = Kubelet(folder / "pod", there)
    volumes = {each["name"]: kubelet.volume(each) for each in pod["spec"]["volumes"]}
    code, log = end(kubelet.start(pod["spec"], container, volumes))
    assert code == 0, log


def allowed(url: sa.URL, account: str, statement: str) -> bool:
    """Tell whether an account may run a statement; nothing stays of it."""
    own = url.set(username=f"runledger_{account}").render_as_string(hide_password=False)
    with psycopg.connect(own) as connection:
        try:
            connection.execute(statement.encode())
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction):
            connection.rollback()
            return False
        connection.rollback()
        return True

"""The chart renders to objects that every Kubernetes since 1.27 takes, and that make sense."""

import json
import re
from pathlib import Path

import pytest

from tests.kubernetes.discovery import validate
from tests.kubernetes.programs import HELM, HELM3, run
from tests.kubernetes.rendering import (
    CHART,
    MONITORING,
    VALUES,
    flags,
    objects,
    rendered,
    template,
    with_files,
)
from tests.kubernetes.sense import complaints, name_of, pod_of

VERSIONS = [f"1.{minor}" for minor in range(27, 38)]


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the chart with files of retrievers."""
    return with_files(tmp_path_factory.mktemp("chart"))


@pytest.mark.parametrize("program", [HELM, HELM3])
@pytest.mark.parametrize("values", VALUES)
def test_lint_is_content_with_values(chart: Path, program: str, values: str):
    linted = run(program, "lint", "--strict", chart, *flags(values))
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize("values", VALUES)
def test_objects_are_valid_for_every_kubernetes_and_make_sense(chart: Path, values: str):
    made = rendered(chart, values, "--api-versions", MONITORING)
    own = [each for each in made if not each["apiVersion"].startswith("monitoring")]
    for version in VERSIONS:
        for each in own:
            validate(each, version)
    assert complaints(made) == []


@pytest.mark.parametrize("values", VALUES)
def test_both_helms_render_the_same_twice(chart: Path, values: str):
    first, again, by_3 = (
        template(chart, *flags(values), program=program).stdout for program in (HELM, HELM, HELM3)
    )
    assert first == again != ""
    assert by_3.split() == first.split()


def test_values_name_the_objects():
    assert [name_of(each) for each in rendered(CHART, "minimal")] == [
        "ConfigMap/ci-runledger-settings",
        "Service/ci-runledger-listener",
        "Deployment/ci-runledger-listener",
    ]


def test_load_alone_has_the_secret_of_the_database(chart: Path):
    made = {name_of(each): each for each in rendered(chart, "full")}
    pod = pod_of(made["CronJob/ci-runledger-retrievers"])
    assert pod is not None
    secrets = {
        container["name"]: [
            variable["valueFrom"]["secretKeyRef"]["name"]
            for variable in container["env"]
            if "secretKeyRef" in variable.get("valueFrom", {})
        ]
        for container in pod["spec"]["containers"]
    }
    assert secrets == {
        "my-retriever": ["buildkite-token"] * 2,
        "load": ["runledger-database"],
    }


def test_dashboard_has_the_account_that_reads_and_no_other(chart: Path):
    made = {name_of(each): each for each in rendered(chart, "full")}
    pod = pod_of(made["Deployment/ci-runledger-dashboard"])
    assert pod is not None
    (container,) = pod["spec"]["containers"]
    env = {each["name"]: each.get("value") or each["valueFrom"] for each in container["env"]}
    url = "postgresql+psycopg://runledger_dashboard@db.example.org:6432/shark_dashboard_db"
    password = {"secretKeyRef": {"name": "runledger-database", "key": "read-password"}}
    assert (env["DATABASE_URL"], env["DATABASE_PASSWORD"]) == (url, password)
    assert "WEBHOOK_SECRET" not in env


def test_password_that_makes_tables_is_not_where_deliveries_come_in(chart: Path):
    made = {name_of(each): each for each in rendered(chart, "default")}
    pod = pod_of(made["Deployment/ci-runledger-listener"])
    assert pod is not None
    (listener,) = pod["spec"]["containers"]
    env = {each["name"]: each for each in listener["env"]}
    assert "//runledger_listener@" in env["DATABASE_URL"]["value"]
    secret = {"name": "runledger-database", "key": "password"}
    assert env["DATABASE_PASSWORD"]["valueFrom"] == {"secretKeyRef": secret}
    assert "migrate-password" not in str(listener)
    assert "migrate-password" in str(pod["spec"]["initContainers"])


def test_key_of_a_github_app_is_the_listener_s_alone(chart: Path):
    made = {name_of(each): each for each in rendered(chart, "full")}
    having = {name for name, each in made.items() if "runledger-app" in str(each)}
    assert having == {"Deployment/ci-runledger-listener"}
    pod = pod_of(made["Deployment/ci-runledger-listener"])
    assert pod is not None
    (container,) = pod["spec"]["containers"]
    env = {each["name"]: each.get("value") for each in container["env"]}
    (mount,) = (each for each in container["volumeMounts"] if each["name"] == "app")
    (volume,) = (each for each in pod["spec"]["volumes"] if each["name"] == "app")
    (item,) = volume["secret"]["items"]
    assert env["GITHUB_APP_ID"] == "123456"
    assert env["GITHUB_APP_PEM"] == f"{mount['mountPath']}/{item['path']}"
    # Its group's, which fsGroup makes the account's.
    assert (mount["readOnly"], volume["secret"]["defaultMode"]) == (True, 0o440)


PORTS = {
    "postgresql+psycopg://a@[fd00::15:5]/b": [5432],
    "postgresql://a@one:5433,two:5434,three:5433/b": [5433, 5434],
    "postgresql://a@host/b?host=other:6543&sslmode=verify-full": [6543],
    "mysql+pymysql://a@host/b?port=7777": [7777],
    "mariadb://a@1.2.3.4/b": [3306],
}


@pytest.mark.parametrize("url", PORTS)
@pytest.mark.parametrize(
    ("key", "component"), [("readUrl", "dashboard"), ("migrateUrl", "migrations")]
)
def test_each_account_reaches_the_port_of_its_own_url(url: str, key: str, component: str, tmp_path):
    usual = f"{url.partition(':')[0]}://a@pool:4000/b"
    own = {"url": usual, "readUrl": usual, "migrateUrl": usual, key: url}
    values = {"database": {**own, "bundled": {"enabled": False}}}
    (tmp_path / "values.json").write_text(json.dumps(values), "utf-8")
    said = template(CHART, "--values", tmp_path / "values.json")
    policies = [each for each in objects(said.stdout) if each["kind"] == "NetworkPolicy"]
    reached = {
        name_of(each).rpartition("-")[2]: [
            one["port"] for one in each["spec"]["egress"][1]["ports"]
        ]
        for each in policies
    }
    usually = {"listener": [4000], "dashboard": [4000], "migrations": [4000]}
    assert reached == {**usually, component: PORTS[url]}


WORDS = {
    "settingsSecret": "no",
    "serviceAccount": {"name": "1e5"},
    "settings": {"Y": "yes", "NULL": "1"},
    "database": {"existingSecret": "0x10", "bundled": {"storageClass": "off"}},
    "webhook": {"existingSecret": "123"},
    "dashboard": {"existingSecret": "on"},
    "github": {"existingSecret": "null", "app": {"id": "123456", "existingSecret": "1.5"}},
    "ingress": {"enabled": True, "host": "1.5", "className": "true", "tlsSecret": "2"},
    "sources": [{"name": "n", "apiUrl": "https://a.org", "token": {"secretName": "7"}}],
    "feeds": [{"name": "npm", "sources": ["n"]}],
    "retrievers": [
        {
            "name": name,
            "image": {"name": "python", "tag": "3"},
            "script": {
                "name": "a.py",
                "secret": {"name": secret, "create": False},
                "mountPath": "/mnt/a",
            },
            "sources": ["n"],
        }
        for name, secret in (("yes", "4"), ("null", "5e3"))
    ],
}


def test_names_that_yaml_takes_for_something_else_stay_names(tmp_path: Path):
    path = tmp_path / "values.json"
    path.write_text(json.dumps(WORDS), "utf-8")
    said = run(HELM, "template", "on", CHART, "--values", path)
    assert said.returncode == 0, said.stderr
    made = objects(said.stdout)
    for each in made:
        validate(each, VERSIONS[-1])
    assert complaints(made) == []


NOTHING = (
    *("nameOverride", "image.tag", "imagePullSecrets", "settings", "settingsSecret", "extraEnv"),
    *("serviceAccount.name", "database.url", "database.migrateUrl", "database.caSecret"),
    *("database.bundled.storageClass", "github.existingSecret", "github.app"),
    *("listener.nodeSelector", "migrations.tolerations", "retrieverDefaults.affinity"),
    *("database.bundled.nodeSelector", "networkPolicy.ingressFrom", "ingress.annotations"),
    *("grafana.dashboards.pagesUrl", "sources", "feeds", "retrievers"),
)
"""Keys that may have nothing behind them, as YAML has it: each is then what it is by default."""


def test_key_with_nothing_behind_it_is_as_it_is_by_default():
    made = template(CHART, *(each for key in NOTHING for each in ("--set", f"{key}=null")))
    assert (made.returncode, made.stdout) == (0, template(CHART).stdout)


def test_what_is_secret_stands_in_secrets_alone(chart: Path):
    """Neither the token of values.yaml nor a place that a password has."""
    made = [each for each in rendered(chart, "full") if each["kind"] != "Secret"]
    assert "plain-super-secret" not in str(made)
    said = run(HELM, "install", "ci", chart, *flags("full"), "--dry-run=client").stdout
    _, _, notes = said.partition("\nNOTES:\n")
    assert "kubectl" in notes
    assert "plain-super-secret" not in notes


def test_service_monitor_is_made_where_the_cluster_knows_it(chart: Path):
    def kinds(*more: str) -> list[str]:
        return [each["kind"] for each in rendered(chart, "full", *more)]

    wanted = {"ServiceMonitor", "PrometheusRule"}
    assert wanted & set(kinds()) == set()
    assert wanted <= set(kinds("--api-versions", MONITORING))


@pytest.mark.parametrize("version", ["1.26.9", "1.27.0"])
def test_kubernetes_without_time_zones_is_refused(version: str):
    made = template(CHART, "--kube-version", version)
    assert (made.returncode == 0) == (version != "1.26.9")
    assert ("incompatible with Kubernetes v1.26.9" in made.stderr) == (version == "1.26.9")


def test_notes_name_every_secret_that_is_yours_to_make(chart: Path):
    said = run(HELM, "install", "ci", chart, *flags("full"), "--dry-run=client").stdout
    made, _, notes = said.partition("\nNOTES:\n")
    asked = set(re.findall(r"create secret generic (\S+)", notes))
    names = r'(?:secretKeyRef: {name|secretRef: {name|secretName): "([^"]+)"'
    there = {"buildkite-token", "my-retriever-script", "other-script"}
    used = set(re.findall(names, made)) - there - {"ci-tls"}
    assert asked == used


def test_notes_name_a_cronjob_that_is_there(chart: Path):
    said = run(HELM, "install", "ci", chart, *flags("full"), "--dry-run=client").stdout
    _, _, notes = said.partition("\nNOTES:\n")
    (named,) = re.findall(r"--from=cronjob/(\S+)", notes)
    assert f"CronJob/{named}" in map(name_of, rendered(chart, "full"))

"""The checker of sense sees what Kubernetes' schemas accept: each case is one edit of the chart."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from feedrunner.manifest import read_manifest
from tests.kubernetes.discovery import validate
from tests.kubernetes.rendering import CHART, Object, flags, objects, rendered, template, with_files
from tests.kubernetes.sense import complaints, name_of, pod_of
from tests.own_code import ROOT

CRONJOB, DEPLOYMENT = "CronJob/ci-runledger-retrievers", "Deployment/ci-runledger-listener"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
Edit = Callable[[Object], Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    """Give the objects of the full values."""
    return rendered(with_files(tmp_path_factory.mktemp("chart")), "full")


def container(each: Object, at: int = 0) -> Object:
    """Return a container of an object's pods."""
    return pod(each)["containers"][at]


def pod(each: Object) -> Object:
    template = pod_of(each)
    assert template is not None
    return template["spec"]


CASES: dict[str, tuple[str, Edit]] = {
    "its name has more than 52": (CRONJOB, lambda o: o["metadata"].update(name="a" * 60)),
    "schedule every day": (CRONJOB, lambda o: o["spec"].update(schedule="every day")),
    "timeZone Mars/Olympus": (CRONJOB, lambda o: o["spec"].update(timeZone="Mars/Olympus")),
    "restartPolicy Always": (CRONJOB, lambda o: pod(o).update(restartPolicy="Always")),
    "myRetriever: its name is none": (CRONJOB, lambda o: container(o).update(name="myRetriever")),
    "container load is there twice": (CRONJOB, lambda o: container(o).update(name="load")),
    "no volume ca": (CRONJOB, lambda o: pod(o)["volumes"].pop()),
    "mount at /output is there twice": (
        CRONJOB,
        lambda o: container(o)["volumeMounts"][1].update(mountPath="/output"),
    ),
    "variable A B": (CRONJOB, lambda o: container(o)["env"][0].update(name="A B")),
    "variable OUTPUTDIR has not one value": (
        CRONJOB,
        lambda o: container(o)["env"][0].update(valueFrom={"fieldRef": {"fieldPath": "x"}}),
    ),
    "variable HOME is there twice": (CRONJOB, lambda o: container(o)["env"][0].update(name="HOME")),
    "its selector selects no pod": (
        DEPLOYMENT,
        lambda o: o["spec"]["selector"]["matchLabels"].update(a="b"),
    ),
    "label a ": (DEPLOYMENT, lambda o: o["metadata"]["labels"].update(a="b" * 70)),
    "memory 64MB2": (
        DEPLOYMENT,
        lambda o: container(o)["resources"]["limits"].update(memory="64MB2"),
    ),
    "port aaaaaaaaaaaaaaaaaaaa": (
        DEPLOYMENT,
        lambda o: container(o)["ports"][0].update(name="a" * 20),
    ),
    "livenessProbe is of 2 kinds": (
        DEPLOYMENT,
        lambda o: container(o)["livenessProbe"].update(tcpSocket={"port": 5000}),
    ),
    "readinessProbe asks port none": (
        DEPLOYMENT,
        lambda o: container(o)["readinessProbe"]["httpGet"].update(port="none"),
    ),
    "is not restricted": (
        DEPLOYMENT,
        lambda o: container(o)["securityContext"].update(readOnlyRootFilesystem=False),
    ),
    "may run as root": (DEPLOYMENT, lambda o: pod(o)["securityContext"].pop("runAsUser")),
    "has a token of the API": (DEPLOYMENT, lambda o: pod(o).pop("automountServiceAccountToken")),
    "has two limits": (
        "PodDisruptionBudget/ci-runledger-listener",
        lambda o: o["spec"].update(maxUnavailable=1),
    ),
    "its name is no Service's": (
        "Service/ci-runledger-listener",
        lambda o: o["metadata"].update(name="1-listener"),
    ),
    "no pod has the port none": (
        "Service/ci-runledger-listener",
        lambda o: o["spec"]["ports"][0].update(targetPort="none"),
    ),
    "token is not base64": (
        "Secret/buildkite-token",
        lambda o: o.update(data={"token": "not base64"}),
    ),
    "is over 1 MiB": ("Secret/buildkite-token", lambda o: o.update(stringData={"a": "b" * 2**21})),
}


@pytest.mark.parametrize("complaint", CASES)
def test_what_a_schema_accepts_is_seen(complaint: str, made: list[Object]):
    name, edit = CASES[complaint]
    wrong = copy.deepcopy(made)
    (each,) = (each for each in wrong if name_of(each) == name)
    edit(each)
    validate(each)
    assert [said for said in complaints(wrong) if complaint in said] != []


def test_object_that_is_there_twice_is_seen(made: list[Object]):
    assert complaints([*made, made[0]])[0].endswith("is there twice")


def test_feed_has_as_long_in_its_job_as_its_manifest_gives_it(tmp_path):
    schema = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    names = schema["properties"]["feeds"]["items"]["properties"]["name"]["enum"]
    own = {"limits": {"memory": "5Gi"}}
    feeds = [{"name": name, **({"resources": own} if name == "crates" else {})} for name in names]
    (tmp_path / "values.json").write_text(json.dumps({"feeds": feeds}), "utf-8")
    said = template(CHART, "--values", tmp_path / "values.json")
    jobs = {name_of(each): each for each in objects(said.stdout) if each["kind"] == "CronJob"}
    for name in names:
        job = jobs[f"CronJob/ci-runledger-feed-{name}"]
        needed = read_manifest(ROOT / "feeds" / name / "feed.toml").timeout
        assert job["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"] >= needed + 300
        assert (container(job)["resources"] == own) == (name == "crates")


def test_every_pod_goes_where_it_is_sent(tmp_path: Path):
    taint = {"key": "ci", "operator": "Exists"}
    zone = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}
    near = {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [zone]}}}
    linux = {"kubernetes.io/os": "linux"}
    there: Object = {"nodeSelector": linux, "tolerations": [taint], "affinity": near}
    values: Object = dict.fromkeys(
        ("listener", "dashboard", "migrations", "retrieverDefaults"), there
    )
    values |= {"feeds": [{"name": "sbom"}], "database": {"bundled": there}}
    (tmp_path / "values.json").write_text(json.dumps(values), "utf-8")
    chart = with_files(tmp_path)
    for given, number in (([], 5), (flags("full"), 6)):
        said = template(chart, *given, "--values", tmp_path / "values.json")
        made = objects(said.stdout)
        pods = [pod["spec"] for each in made if (pod := pod_of(each)) is not None]
        assert len(pods) == number
        assert [{name: pod[name] for name in there} for pod in pods] == [there] * len(pods)
        for each in made:
            validate(each)


@pytest.mark.parametrize("kind", ["os.mkfifo('stderr')", "os.mkdir('stderr')", "None"])
def test_retriever_without_a_log_ends_with_its_code(made: list[Object], tmp_path, kind: str):
    (job,) = (each for each in made if name_of(each) == CRONJOB)
    script, name, _, program, seconds = container(job)["args"]
    (tmp_path / program).write_text(
        f"import os\nos.unlink('stderr')\n{kind}\nraise SystemExit(4)\n"
    )
    (tmp_path / "pip").write_text("#!/bin/sh\n")
    (tmp_path / "pip").chmod(0o755)
    (tmp_path / "python").symlink_to(sys.executable)
    (tmp_path / "output").mkdir()
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "OUTPUTDIR": str(tmp_path / "output")}
    command = ["sh", "-c", script, name, str(tmp_path), program, seconds]
    ended = subprocess.run(command, env=environ, timeout=60, check=False)
    assert ended.returncode == 4
    assert (tmp_path / "output" / "exit").read_text() == "4\n"

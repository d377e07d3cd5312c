"""What a key can get wrong is told in one sentence that names it, by Helm 3 and 4 alike."""

import json
import re
from pathlib import Path

import pytest

from config import alert_settings
from config.settings import SETTINGS
from tests.kubernetes.programs import HELM, HELM3, run
from tests.kubernetes.rendering import CHART, template, with_files

SCRIPT: dict[str, object] = {
    "name": "example.py",
    "secret": {"name": "my-retriever-script"},
    "mountPath": "/mnt/my-scripts",
}
RETRIEVER: dict[str, object] = {
    "name": "myRetriever",
    "image": {"name": "python", "tag": "3.13"},
    "script": SCRIPT,
}
SCRATCH = "/tmp/x"  # noqa: S108 - in a container
TOKEN = {"secretName": "token", "secretValue": "plain"}
SOURCE: dict[str, object] = {"name": "one", "apiUrl": "https://one.example.org", "token": TOKEN}
EXTERNAL: dict[str, object] = {
    "bundled": {"enabled": False},
    "url": "postgresql+psycopg://a@host/b",
}

FAILS: dict[str, object] = {
    "settings.WEBHOOK_SECRET: the chart sets it": {"settings": {"WEBHOOK_SECRET": "x"}},
    "settings.GITLAB_TOKEN: is secret; put it into": {"settings": {"GITLAB_TOKEN": "x"}},
    "settings.DATABASE_URL_FILE: the chart sets it": {"settings": {"DATABASE_URL_FILE": "/x"}},
    "github.app: needs both": {"github": {"app": {"id": "123456"}}},
    "github.app: reads its hook's log alone": {
        "github": {"app": {"id": "123456", "existingSecret": "app"}}
    },
    "extraEnv[1].name: the chart sets PORT": {
        "extraEnv": [{"name": "TZ", "value": "x"}, {"name": "PORT", "value": "x"}]
    },
    "extraEnv[1].name: TZ is there twice": {"extraEnv": [{"name": "TZ", "value": "x"}] * 2},
    "database.bundled.enabled: is true, and": {"database": {"url": "mysql+pymysql://a@host/b"}},
    "database.url: is missing": {"database": {"bundled": {"enabled": False}}},
    "database.readUrl: is missing": {"database": EXTERNAL},
    "database.url: holds a password": {
        "database": {**EXTERNAL, "url": "postgresql+psycopg://a:b@host/b"},
        "dashboard": {"enabled": False},
    },
    "database.readUrl: holds a password": {
        "database": {**EXTERNAL, "readUrl": "postgresql+psycopg://r@host/b?password=x"},
    },
    "database.readUrl: is of another engine than database.url": {
        "database": {**EXTERNAL, "readUrl": "mysql+pymysql://r@host/b"},
    },
    "ingress.host: is missing": {"ingress": {"enabled": True}},
    'sources[1].name: "one" and "One" both make ONE': {
        "sources": [SOURCE, {"name": "One", "apiUrl": "https://two.example.org"}]
    },
    'sources[1].token.secretName: "token" is made by sources[0].token, too': {
        "sources": [SOURCE, {**SOURCE, "name": "two"}]
    },
    'feeds[0].sources: no source is called "npm"': {"feeds": [{"name": "npm", "sources": ["npm"]}]},
    "feeds[1].name: npm is there twice": {"feeds": [{"name": "npm"}, {"name": "npm"}]},
    'feeds[0].name: the CronJob "': {
        "feeds": [{"name": "upstream"}],
        "fullnameOverride": "a" * 40,
    },
    'retrievers[0].name: "r-" makes the container name "r-"': {
        "retrievers": [{**RETRIEVER, "name": "r-"}]
    },
    'retrievers[1].name: "myRetriever" and "my-retriever" both make': {
        "retrievers": [RETRIEVER, {**RETRIEVER, "name": "my-retriever"}]
    },
    'retrievers[0].name: "load" and "load" both make': {
        "retrievers": [{**RETRIEVER, "name": "load"}]
    },
    'retrievers[0].sources: no source is called "one"': {
        "retrievers": [{**RETRIEVER, "sources": ["one"]}]
    },
    'retrievers[0].sources: "sourceOne" and another both make SOURCE_ONE_URL': {
        "sources": [SOURCE, {"name": "sourceOne", "apiUrl": "https://two.example.org"}],
        "retrievers": [{**RETRIEVER, "sources": ["one", "sourceOne"]}],
    },
    "retrievers[0].env: OUTPUTDIR is set twice, or by the chart": {
        "retrievers": [{**RETRIEVER, "env": [{"name": "OUTPUTDIR", "value": "x"}]}]
    },
    'retrievers[0].script.mountPath: "/tmp/x" is': {
        "retrievers": [{**RETRIEVER, "script": {**SCRIPT, "mountPath": SCRATCH}}]
    },
    'retrievers[0].script.secret.name: "token" is made by sources[0].token': {
        "sources": [SOURCE],
        "retrievers": [{**RETRIEVER, "script": {**SCRIPT, "secret": {"name": "token"}}}],
    },
    "retrievers[0].script: files/myRetriever/none.py is missing": {
        "retrievers": [{**RETRIEVER, "script": {**SCRIPT, "name": "none.py"}}]
    },
    'sources[0].token: would make the Secret "runledger-webhook", which is yours': {
        "sources": [{**SOURCE, "token": {**TOKEN, "secretName": "runledger-webhook"}}]
    },
}
WRONG: dict[str, object] = {
    "listener replica": {"listener": {"replica": 3}},
    "listener replicas": {"listener": {"replicas": "3"}},
    "settings GITHUB_APP_ID": {"settings": {"GITHUB_APP_ID": 1234567}},
    "github app id": {"github": {"app": {"id": 1234567}}},
    "image": {"image": None},
    "grafana dashboards labels": {"grafana": {"dashboards": {"labels": None}}},
    "settings repos": {"settings": {"repos": "a/b"}},
    "database url": {"database": {"url": "postgres.example.org"}},
    "database bundled storage": {"database": {"bundled": {"storage": "20GB2"}}},
    "image digest": {"image": {"digest": "0123"}},
    "extraEnv 0 value": {"extraEnv": [{"name": "A", "value": 5}]},
    "serviceAccount create": {"serviceAccount": {"create": True}},
    "grafana dataSource password": {"grafana": {"dataSource": {"password": "plain"}}},
    "grafana dashboards labels grafana_dashboard": {
        "grafana": {"dashboards": {"labels": {"grafana_dashboard": 1}}}
    },
    "grafana alerts labels grafana_alert": {
        "grafana": {"alerts": {"enabled": True, "labels": {"grafana_alert": "a b"}}}
    },
    "listener nodeSelector gpu": {"listener": {"nodeSelector": {"gpu": True}}},
    "listener resources requests cpu": {"listener": {"resources": {"requests": {"cpu": "half"}}}},
    "webhook existingSecret": {"webhook": {"existingSecret": "My_Secret"}},
    "feeds 0 name": {"feeds": [{"name": "rubygems"}]},
    "feeds 0 schedule": {"feeds": [{"name": "npm", "schedule": "every day"}]},
    "sources 0 apiUrl": {"sources": [{**SOURCE, "apiUrl": "one.example.org"}]},
    "sources 0 apiURL": {"sources": [{**SOURCE, "apiURL": "https://one.example.org"}]},
    "retrievers 0 image": {"retrievers": [{**RETRIEVER, "image": "python:3.13"}]},
    "retrievers 0 env 0 value": {"retrievers": [{**RETRIEVER, "env": [{"name": "A", "value": 5}]}]},
    "retrievers 0 script mountPath": {
        "retrievers": [{**RETRIEVER, "script": {**SCRIPT, "mountPath": "mnt"}}]
    },
    "retrievers 0 streams 0": {"retrievers": [{**RETRIEVER, "streams": ["runs"]}]},
    "retrievers 0 timeoutSeconds": {"retrievers": [{**RETRIEVER, "timeoutSeconds": 0}]},
    "retrieverDefaults timeZone": {"retrieverDefaults": {"timeZone": "here; there"}},
}


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the chart with files of retrievers."""
    return with_files(tmp_path_factory.mktemp("chart"))


def refusal(chart: Path, values: object, folder: Path, program: str) -> str:
    """Return what helm says of values that are wrong."""
    path = folder / "values.yaml"
    path.write_text(json.dumps(values), "utf-8")
    made = template(chart, "--values", path, program=program)
    assert made.returncode == 1, made.stdout
    return made.stderr


@pytest.mark.parametrize("sentence", FAILS)
def test_keys_that_do_not_go_together_are_refused(chart: Path, tmp_path: Path, sentence: str):
    assert f": {sentence}" in refusal(chart, FAILS[sentence], tmp_path, HELM)


@pytest.mark.parametrize("key", WRONG)
def test_wrong_key_is_named_by_both_helms(chart: Path, tmp_path: Path, key: str):
    for program in (HELM, HELM3):
        said = refusal(chart, WRONG[key], tmp_path, program)
        (line,) = (each for each in said.splitlines() if each.startswith("- "))
        words = set(re.findall(r"\w+", line))
        assert words.issuperset(key.split()), said


@pytest.mark.parametrize("release", ["123", "my.ci"])
def test_release_whose_services_would_have_no_name_is_refused(release: str):
    made = run(HELM, "template", release, CHART)
    sentence = f'fullnameOverride: the release\'s name makes "{release}-runledger"'
    assert (made.returncode, sentence in made.stderr) == (1, True)
    assert run(HELM, "template", release, CHART, "--set", "fullnameOverride=ci").returncode == 0


def test_every_secret_setting_is_refused_in_values():
    text = (CHART / "templates/_check.tpl").read_text("utf-8")
    lists = [re.findall(r'"(\w+)"', made) for made in re.findall(r":= list (.*?) }}", text)]
    addresses = {*alert_settings.ADDRESSES.values(), "ALERT_SMTP_URL"}
    words = re.compile(r"(TOKEN|PASSWORD|SECRET)$")
    secret = {name for name in SETTINGS if words.search(name) or name in addresses}
    assert secret <= {*lists[0], *lists[1]}
    assert set(lists[1]) <= secret


def test_every_failure_of_the_templates_has_a_test():
    texts = [path.read_text("utf-8") for path in (CHART / "templates").glob("*.tpl")]
    begun = sum(len(re.findall(r"\bfail (?:\(printf )?\"", text)) for text in texts)
    # Tried in two ways: a name that is there twice, a setting of the chart's, a password.
    twice = 3
    assert begun == len(FAILS) - twice + 1  # the release's name has a test of its own

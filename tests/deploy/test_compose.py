"""compose.yaml is valid, whole, and starts what it says, with each database."""

import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import sqlalchemy as sa
import yaml

from config import settings
from deploy.grafana.dashboards import FOLDER
from schema import migrate
from tests.deploy.compose import PATH, read, run_compose, started
from tests.own_code import ROOT
from tests.postgresql import server

ENGINES = {
    "mysql": {},
    "postgresql": {"ENGINE": "postgresql", "SCHEME": "postgresql+psycopg"},
}
MADE = [pytest.param(read(environment), name, id=name) for name, environment in ENGINES.items()]
OURS = {"migrations", "listener", "dashboard", "feeds", "backfill"}
KINDS = {"volumes": "volumes", "networks": "networks", "secrets": "secrets"}


def schema() -> dict[str, Any]:
    """Return the schema that the Compose Specification publishes."""
    vendor = resources.files("check_jsonschema.builtin_schemas.vendor")
    return json.loads((vendor / "compose-spec.json").read_text("utf-8"))


@pytest.mark.parametrize(("made", "engine"), MADE)
def test_file_fits_the_published_schema(made: dict, engine: str):
    jsonschema.validate(made, schema())


def test_a_key_that_compose_does_not_know_is_seen():
    with pytest.raises(jsonschema.ValidationError, match="restrat"):
        jsonschema.validate({"services": {"a": {"image": "b", "restrat": "no"}}}, schema())


@pytest.mark.parametrize("engine", ENGINES)
def test_docker_compose_itself_starts_the_same_services(engine: str, tmp_path: Path):
    """As somebody does who follows the page: no engine is asked for that."""
    shutil.copytree(PATH.parent, tmp_path / "deploy")
    example = (tmp_path / "deploy/compose.env").read_text("utf-8")
    if engine == "postgresql":
        example = re.sub("^COMPOSE_PROFILES=mysql$", "", example, flags=re.MULTILINE)
        example = re.sub(
            "^# (COMPOSE_PROFILES|ENGINE|SCHEME)=", r"\1=", example, flags=re.MULTILINE
        )
    # A --profile on the command line would stand in place of those in the file.
    example = re.sub("^(COMPOSE_PROFILES=.*)$", r"\1,grafana", example, flags=re.MULTILINE)
    (tmp_path / "deploy/.env").write_text(example, "utf-8")
    read_by_compose = run_compose(tmp_path, "-f", "deploy/compose.yaml")["services"]
    ours = started(read(ENGINES[engine]), engine, "grafana")
    assert set(read_by_compose) == set(ours)
    for name, service in ours.items():
        said = {key: str(value) for key, value in service.get("environment", {}).items()}
        assert read_by_compose[name].get("environment", {}) == said


def test_settings_beside_the_file_are_the_listener_s(tmp_path: Path):
    shutil.copytree(PATH.parent, tmp_path / "deploy")
    page = (ROOT / "docs/containers.md").read_text("utf-8")
    (shown,) = re.findall("```yaml\n(.*?)```", page, flags=re.DOTALL)
    (tmp_path / "deploy/compose.override.yaml").write_text(shown, "utf-8")
    services = run_compose(tmp_path / "deploy")["services"]
    own = yaml.safe_load(shown)["services"]["listener"]["environment"]
    assert own.items() <= services["listener"]["environment"].items()
    mounted = {each["target"] for each in services["listener"]["secrets"]}
    assert {"app_pem", "slack_url", "webhook_secret"} <= {path.split("/")[-1] for path in mounted}
    assert {name.removesuffix("_FILE") for name in own} <= set(settings.SETTINGS)
    assert "GITHUB_APP_ID" not in services["dashboard"]["environment"]


def names_in(service: dict, kind: str) -> set[str]:
    """Return the volumes, networks or secrets that a service names; folders are none."""
    named = service.get(kind, [])
    if kind == "volumes":
        sources = {text.split(":")[0] for text in named}
        return {source for source in sources if not source.startswith(".")}
    return set(named)


@pytest.mark.parametrize(("made", "engine"), MADE)
@pytest.mark.parametrize("kind", KINDS)
def test_what_services_name_is_declared_and_used(made: dict, engine: str, kind: str):
    named = {name for service in made["services"].values() for name in names_in(service, kind)}
    assert named == set(made[kind])


@pytest.mark.parametrize(("made", "engine"), MADE)
def test_folders_that_are_mounted_are_there(made: dict, engine: str):
    folders = [
        PATH.parent / volume.split(":")[0]
        for service in made["services"].values()
        for volume in service.get("volumes", [])
        if volume.startswith(".")
    ]
    assert [path for path in folders if not path.exists()] == []
    assert FOLDER / "dashboards" / engine in folders


@pytest.mark.parametrize(("made", "engine"), MADE)
def test_each_profile_starts_its_services(made: dict, engine: str):
    usual = {engine, "migrations", "listener", "dashboard", "proxy"}
    assert set(started(made, engine)) == usual
    more = ("feeds", "grafana", "prometheus")
    assert set(started(made, engine, *more)) == usual | {*more}


@pytest.mark.parametrize(("made", "engine"), MADE)
def test_services_wait_for_services_that_are_started_or_not_required(made: dict, engine: str):
    up = started(made, engine)
    for name, service in up.items():
        waited = service.get("depends_on", {})
        needs = waited if isinstance(waited, dict) else {each: {} for each in waited}
        for other, how in needs.items():
            assert other in up or how["required"] is False, (name, other)
            if how.get("condition") == "service_healthy" and other in up:
                assert up[other]["healthcheck"]["test"]


@pytest.mark.parametrize(("made", "engine"), MADE)
def test_only_what_ends_or_has_no_port_is_without_a_health_check(made: dict, engine: str):
    unwatched = {
        name
        for name, service in made["services"].items()
        if not service.get("healthcheck", {}).get("test")
    }
    assert unwatched == {"migrations", "feeds", "backfill"}


@pytest.mark.parametrize(("made", "engine"), MADE)
def test_programs_settings_are_known_and_right(made: dict, engine: str):
    services = made["services"]
    for name in OURS:
        said = services[name]["environment"]
        known = {each.removesuffix("_FILE") for each in said} - {"HOME", "TMPDIR"}
        assert known <= set(settings.SETTINGS), name
        url = sa.make_url(said["DATABASE_URL"])
        assert (url.get_backend_name(), url.host) == (engine, "database")
    for name, service in services.items():
        for variable, path in service.get("environment", {}).items():
            if variable.endswith("_FILE"):
                assert Path(path).name in service["secrets"], (name, variable)
    account = sa.make_url(services["dashboard"]["environment"]["DATABASE_URL"]).username
    assert account == services["grafana"]["environment"]["RUNLEDGER_READER"] == "reader"


@pytest.mark.parametrize(("made", "engine"), MADE)
def test_programs_cannot_write_or_gain_rights(made: dict, engine: str):
    for name in OURS | {"proxy", "prometheus"}:
        service = made["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_rows_of_postgresql_are_in_its_volume_whatever_its_image():
    service = read(ENGINES["postgresql"])["services"]["postgresql"]
    assert f"postgresql:{service['environment']['PGDATA']}" in service["volumes"]


def test_example_of_variables_names_those_of_the_file():
    used = set(re.findall(r"\$\{(\w+)", PATH.read_text("utf-8")))
    example = (ROOT / "deploy/compose.env").read_text("utf-8")
    told = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))
    assert told - {"COMPOSE_PROFILES"} == used - {"IMAGE"}


@pytest.mark.parametrize(("status", "code"), [(200, 0), (401, 0), (500, 1)])
def test_health_check_of_the_pages_takes_a_wanted_password_for_well(status: int, code: int):
    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Pages) as pages:
        threading.Thread(target=pages.handle_request, daemon=True).start()
        _, _, *command = read()["services"]["dashboard"]["healthcheck"]["test"]
        text = command[1].replace("5001", str(pages.server_port))
        assert subprocess.run([sys.executable, "-c", text], check=False).returncode == code


@pytest.mark.parametrize("engine_name", ["postgresql", "mysql", "mariadb"], indirect=True)
def test_account_of_pages_and_grafana_reads_and_cannot_write(
    database_url: str, engine_name: str, tmp_path: Path
):
    """Both scripts, as the images run them when they make a database."""
    url = sa.make_url(database_url)
    (tmp_path / "password").write_text("reader'password" if engine_name == "postgresql" else "pw")
    run_script(url, engine_name, tmp_path)
    migrate.upgrade(database_url)
    password = (tmp_path / "password").read_text()
    reader = sa.create_engine(url.set(username="reader", password=password))
    with reader.connect() as connection:
        assert connection.execute(sa.text("SELECT COUNT(*) FROM main_red")).scalar() == 0
        with pytest.raises(sa.exc.DBAPIError):
            connection.execute(sa.text("DELETE FROM repos"))
    reader.dispose()
    drop_reader(database_url, engine_name)


def run_script(url: sa.URL, engine: str, folder: Path) -> None:
    """Run a script; what an image has of its own is put in its place."""
    script = (
        ROOT / f"deploy/database/reader-{'postgresql' if engine == 'postgresql' else 'mysql'}.sh"
    )
    place = {"READER_PASSWORD_FILE": str(folder / "password"), "MYSQL_DATABASE": url.database}
    if engine == "postgresql":
        place |= {"POSTGRES_USER": url.username, "POSTGRES_DB": url.database}
        place |= {"PGHOST": url.host, "PGPORT": str(url.port), "PGPASSWORD": url.password or ""}
        place |= {"PATH": f"{server.folder()}:{os.environ['PATH']}"}
        command = ["sh", str(script)]
    else:
        client = f"mariadb --protocol=tcp -h {url.host} -P {url.port} -u {url.username}"
        command = ["bash", "-c", f"docker_process_sql() {{ {client}; }}; set -e; . {script}"]
    subprocess.run(command, env=os.environ | place, check=True, capture_output=True, text=True)


def drop_reader(database_url: str, engine: str) -> None:
    """Remove the account again: it is the server's."""
    root = sa.create_engine(database_url)
    with root.begin() as connection:
        if engine == "postgresql":
            connection.execute(sa.text("DROP OWNED BY reader"))
        connection.execute(sa.text("DROP USER reader"))
    root.dispose()

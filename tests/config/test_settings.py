"""Flags over environment over `.env`, every value checked, no secret shown."""

from pathlib import Path

import pytest

from config import alert_settings
from config.settings import FORMS, HIDDEN, SETTINGS, BadSetting, Settings, read, secrets_of


def refused(folder: Path, flags: dict[str, object] | None = None, **environ: str) -> str:
    """Return the one line that says which setting is bad and why."""
    with pytest.raises(BadSetting) as bad:
        read(flags or {}, environ, folder)
    assert "\n" not in str(bad.value)
    return str(bad.value)


def test_flag_wins_over_environment_and_environment_over_dotenv(tmp_path: Path):
    (tmp_path / ".env").write_text("PORT=1\nHOST=dotenv\nREPOS=dot/env\n")
    found = read({"port": "3", "host": None}, {"PORT": "2", "HOST": "environment"}, tmp_path)
    assert (found.port, found.host, found.repos) == (3, "environment", ("dot/env",))


def test_file_variable_is_read_without_its_last_newline_relative_to_the_folder(tmp_path: Path):
    (tmp_path / "token").write_text(" ghp_x \r\n")
    (tmp_path / ".env").write_text("GITHUB_TOKEN=from dotenv\n")
    assert read({}, {"GITHUB_TOKEN_FILE": "token"}, tmp_path).source.token == " ghp_x "
    (tmp_path / ".env").write_text("GITHUB_TOKEN_FILE=token\n")
    assert read({}, {}, tmp_path).source.token == " ghp_x "
    assert read({}, {"GITHUB_TOKEN": "set"}, tmp_path).source.token == "set"
    assert read({"key": "flag"}, {}, tmp_path).source.token == "flag"


def test_variable_and_its_file_in_one_place_are_refused(tmp_path: Path):
    line = refused(tmp_path, GITHUB_TOKEN="hunter22", GITHUB_TOKEN_FILE="token")
    assert line == "GITHUB_TOKEN: is given, and GITHUB_TOKEN_FILE too: keep one"


def test_file_variable_whose_file_cannot_be_read_names_the_file(tmp_path: Path):
    line = refused(tmp_path, DATABASE_PASSWORD_FILE="none")
    assert line == (
        f"DATABASE_PASSWORD_FILE: {tmp_path}/none cannot be read (No such file or directory)"
    )
    (tmp_path / "binary").write_bytes(b"hunter22\xff")
    line = refused(tmp_path, DATABASE_PASSWORD_FILE="binary")
    assert line == f"DATABASE_PASSWORD_FILE: {tmp_path}/binary cannot be read (not UTF-8 text)"


def test_dotenv_keeps_dollars_quotes_comments_and_blank_lines_apart(tmp_path: Path):
    (tmp_path / ".env").write_text(
        "\ufeff# a comment\n\nexport HOST=here\nDATABASE_PASSWORD='p#w$HOME ${X}'\n"
        'SPOOL_DIR="a b" # why\nON_DATABASE_DOWN=503\nSOMEBODY_ELSES=1\n'
    )
    found = read({}, {}, tmp_path)
    assert (found.host, found.database_password) == ("here", "p#w$HOME ${X}")
    assert (found.spool_dir, found.on_database_down) == (Path("a b"), "503")


@pytest.mark.parametrize("bad", ["hunter22", "DATABASE_PASSWORD 'hunter22'", "A='hunter22"])
def test_dotenv_line_that_sets_nothing_is_named_by_its_number(tmp_path: Path, bad: str):
    (tmp_path / ".env").write_text(f"PORT=1\n{bad}\n")
    assert refused(tmp_path) == ".env: line 2 is not NAME=value"


def test_dotenv_that_is_a_folder_is_refused(tmp_path: Path):
    (tmp_path / ".env").mkdir()
    assert refused(tmp_path) == ".env: cannot be read (Is a directory)"


def test_empty_variable_is_as_good_as_none_but_an_empty_secret_is_a_mistake(tmp_path: Path):
    (tmp_path / ".env").write_text("PORT=6000\nREPOS=\n")
    found = read({}, {"PORT": "", "GITHUB_TOKEN": "", "DATABASE_PASSWORD_FILE": ""}, tmp_path)
    assert (found.port, found.repos, found.source.token) == (6000, (), None)
    assert refused(tmp_path, WEBHOOK_SECRET="").startswith("WEBHOOK_SECRET: a secret of 0 bytes")


def test_empty_flag_is_a_value_and_checked_as_one(tmp_path: Path):
    found = read({"database_password": ""}, {"DATABASE_PASSWORD": "set"}, tmp_path)
    assert found.database_password is None
    assert refused(tmp_path, {"repos": [""]}, REPOS="a/b").startswith("REPOS: is empty")
    assert refused(tmp_path, {"port": ""}, PORT="1").startswith("PORT: ''")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "hunter22"),
        ("DATABASE_URL", "mssql://u:hunter22@host/name"),
        ("DATABASE_URL", "mysql://u:hunter22@host/name"),
        ("DATABASE_URL", "mysql+pymysql://u:hunter22@host"),
        ("DATABASE_URL", "mysql+pymysql://u:hunter22@host:port/name"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_READ_URL", "hunter22"),
        ("DATABASE_MIGRATE_URL", "hunter22"),
        ("DATABASE_PASSWORD", "hunter22\n"),
        ("DATABASE_SSL", "false"),
        ("DATABASE_SSL_CA", "/no/such/file.pem"),
        ("WEBHOOK_SECRET", "hunter22"),
        ("WEBHOOK_SECRET", "hunter22hunter22,"),
        ("WEBHOOK_SECRET", "hunter22hunter22,hunter22hunter22,hunter22hunter22"),
        ("WEBHOOK_SECRET", "ééééééé,hunter22hunter22"),
        ("GITHUB_TOKEN", "hunter22\x00"),
        ("GITHUB_API_URL", "api.github.com"),
        ("GITHUB_API_URL", "http://ghes.example.org/api/v3"),
        ("GITHUB_API_URL", "https://u:hunter22@ghes.example.org"),
        ("GITHUB_API_URL", "ftp://ghes.example.org"),
        ("REPOS", ","),
        ("REPOS", "*"),
        ("REPOS", "org/"),
        ("REPOS", "/repo"),
        ("REPOS", "org/repo/more"),
        ("REPOS", "org/.."),
        ("REPOS", "org repo"),
        ("REPOS", "org/re*"),
        ("HOST", "http://here"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "5000.0"),
        ("PORT", "-1"),
        ("PORT", "٥"),
        ("ON_DATABASE_DOWN", "drop"),
        ("DELIVERY_RETENTION_DAYS", "0"),
        ("DELIVERY_RETENTION_DAYS", "thirty"),
    ],
)
def test_bad_value_is_refused_by_name_and_without_a_secret(tmp_path: Path, name: str, value: str):
    line = refused(tmp_path, **{name: value})
    assert line.startswith(f"{name}: ")
    assert len(line) > len(name) + 10
    assert "hunter22" not in line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mariadb+pymysql://u@host/name"),
        ("DATABASE_URL", "sqlite:////var/lib/runs.db"),
        ("DATABASE_SSL", "on"),
        ("GITHUB_API_URL", "http://127.0.0.1:8080"),
        ("GITHUB_API_URL", "http://localhost:8080/api/v3"),
        ("REPOS", "my-org_x/repo.js-1_2"),
        ("REPOS", "org/.github"),
        ("REPOS", " a/b , c "),
        ("PORT", "65535"),
    ],
)
def test_good_value_is_accepted(tmp_path: Path, name: str, value: str):
    read({}, {name: value}, tmp_path)


@pytest.mark.parametrize("name", ["GITHUB_API_URL", "GITLAB_URL"])
def test_servers_address_is_written_as_links_have_it(tmp_path: Path, name: str):
    source = read({}, {name: "HTTPS://Git.Example.ORG/Api/v3/"}, tmp_path).sources
    assert source[name[:6].lower()].url == "https://git.example.org/Api/v3"


def test_settings_shown_in_a_message_or_traceback_hide_what_is_secret(tmp_path: Path):
    environ = {
        "DATABASE_URL": "mysql+pymysql://u:hunter22@host/name",
        "DATABASE_READ_URL": "mysql+pymysql://r:hunter33@host/name",
        "DATABASE_PASSWORD": "hunter44",
        "WEBHOOK_SECRET": "hunter55hunter55,hunter66hunter66",
        "GITHUB_TOKEN": "hunter77",
    }
    found = read({}, environ, tmp_path)
    assert "port=5000" in repr(found)
    for text in (repr(found), str(found), f"{found}", "%s" % (found,)):  # noqa: UP031 - one more way
        assert "hunter" not in text
    assert set(secrets_of(found)) == {
        *("hunter22", "hunter33", "hunter44", "hunter77"),
        *("hunter55hunter55", "hunter66hunter66"),
    }


def test_every_setting_is_a_field_and_every_hidden_one_exists():
    of_vendors = {name for form in FORMS.values() for name, _ in form.settings.values()}
    apart = {*of_vendors, *alert_settings.SETTINGS}
    common = [name.lower() for name in SETTINGS if name not in apart]
    of_several = ("sources", "vendor", "alerts")
    assert common == [name for name in Settings._fields if name not in of_several]
    assert set(Settings._fields) >= HIDDEN

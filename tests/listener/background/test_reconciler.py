"""The environment that the reconciler is started in, and how it is started again."""

import pytest

from config.settings import SETTINGS
from listener.background import reconciler


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no setting in the environment."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


def test_flags_reach_the_reconciler_by_its_environment():
    made = reconciler.environment(
        {
            "repos": ["org/a", "org/b"],
            "key": "ghp_x",
            "port": None,
            "register": "https://x",
        }
    )
    assert made["REPOS"] == "org/a,org/b"
    assert made["GITHUB_TOKEN"] == "ghp_x"
    assert "PORT" not in made
    assert "REGISTER" not in made


def test_flag_takes_the_place_of_a_file_that_the_environment_names(monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN_FILE", "/run/secrets/token")
    monkeypatch.setenv("DATABASE_PASSWORD_FILE", "/run/secrets/password")
    made = reconciler.environment({"key": "ghp_x"})
    assert "GITHUB_TOKEN_FILE" not in made
    assert made["DATABASE_PASSWORD_FILE"] == "/run/secrets/password"


def test_secrets_that_it_needs_not_are_kept_from_it(monkeypatch):
    monkeypatch.setenv("WEBHOOK_SECRET", "what only GitHub and we know")
    monkeypatch.setenv("DASHBOARD_PASSWORD_FILE", "/run/secrets/pages")
    made = reconciler.environment({})
    assert not {"WEBHOOK_SECRET", "DASHBOARD_PASSWORD_FILE"} & made.keys()


def test_packages_are_found_from_any_folder(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    made = reconciler.environment({})
    assert made["PYTHONPATH"] == f"{reconciler.ROOT}:/elsewhere"
    assert (reconciler.ROOT / "backfill" / "reconcile" / "__main__.py").is_file()

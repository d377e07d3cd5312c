"""A vendor that cannot be reached, or refuses the key: one line, and no store is made."""

from pathlib import Path

from fakegithub.server import serve
from tests.backfill.conftest import Command
from tests.fakegithub.samples import small_world


def test_unknown_host_of_the_api_is_one_line(command: Command, bare: Path, monkeypatch):
    monkeypatch.setenv("GITHUB_API_URL", "https://github.invalid")
    done = command("-r", "octo-org/app")
    assert done.code == 2
    assert done.err == (
        "local-database.py: GITHUB_API_URL: github.invalid is not known here:"
        " is there a network, or a proxy to be named?\n"
    )
    assert list(bare.iterdir()) == []


def test_host_of_the_api_that_refuses_is_one_line(command: Command, bare: Path, monkeypatch):
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    done = command("-r", "octo-org/app")
    assert done.code == 2
    assert done.err == ("local-database.py: GITHUB_API_URL: 127.0.0.1 refuses the connection\n")
    assert list(bare.iterdir()) == []


def test_key_that_github_does_not_accept_is_one_line_and_makes_no_store(
    command: Command, bare: Path, monkeypatch
):
    with serve(small_world()) as github:
        monkeypatch.setenv("GITHUB_API_URL", github.url)
        done = command("-r", "octo-org/app", "-k", "ghp_wrong")
    assert done.code == 2
    assert done.err == (
        "local-database.py: GitHub does not accept the key: it is wrong, expired or revoked\n"
    )
    assert list(bare.iterdir()) == []

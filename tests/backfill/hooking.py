"""GitHub, somebody who listens, and the command that sets webhooks up, in this process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from backfill.command.webhook import main
from backfill.github import hook_registration
from fakegithub.api.hooks import Hook
from fakegithub.server import TOKEN, Server, serve
from tests.fakegithub.receiver import Receiver, receiving
from tests.fakegithub.samples import small_world

SECRET = "a secret of enough bytes"


class Done(NamedTuple):
    """How the command ended and what it printed."""

    code: int
    out: list[str]
    err: list[str]


class Stage(NamedTuple):
    """GitHub, somebody who listens, and the command."""

    github: Server
    receiver: Receiver
    run: Callable[..., Done]

    @property
    def hooks(self) -> list[Hook]:
        return list(self.github.hooks.hooks.values())

    def register(self) -> Done:
        return self.run("--register", self.receiver.url)


Staged = Callable[..., Any]


def staging(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Staged:
    """Return what serves octo-org/app to the command: `with staged(repos="octo-org") as stage`."""
    monkeypatch.setattr(hook_registration, "PAUSE", 0.02)

    def run(*words: str) -> Done:
        capsys.readouterr()
        code = main(words)
        out, err = capsys.readouterr()
        return Done(code, out.splitlines(), err.splitlines())

    @contextmanager
    def serving(*, repos: str = "octo-org/app", **options: Any) -> Iterator[Stage]:
        with serve(small_world(), **options) as github, receiving() as receiver:
            monkeypatch.setenv("GITHUB_API_URL", github.url)
            monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
            monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
            monkeypatch.setenv("REPOS", repos)
            yield Stage(github, receiver, run)

    return serving

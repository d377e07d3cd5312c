"""What a project is called today counts at once, also where it was read shortly before."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from backfill.gitlab import projects
from fakegitlab.server import Server
from fakegitlab.world import Project
from schema.tables.ci import repos, workflows
from tests.backfill.conftest import Command
from tests.backfill.gitlab.conftest import NAME


def name_of(engine: sa.Engine) -> str | None:
    """Return what the project is called."""
    with engine.connect() as connection:
        return connection.scalars(sa.select(repos.c.name)).one()


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_project_that_is_renamed_to_and_fro_within_an_hour_has_its_last_name(
    served: Server, project: Project, command: Command, engine: sa.Engine
) -> None:
    assert command("-r", f"gitlab:{NAME}").code == 0
    for name in ("group/one", "other/two", NAME, "group/one"):
        project.path = name
        assert command("-r", f"gitlab:{name}").code == 0
        assert name_of(engine) == name


def test_project_that_is_as_it_was_is_not_written_again(
    served: Server, command: Command, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projects, "now", lambda: datetime(2026, 11, 30, 12, 1))
    assert command("-r", f"gitlab:{NAME}").code == 0
    before = versions_of(engine)
    monkeypatch.setattr(projects, "now", lambda: datetime(2026, 11, 30, 12, 59))
    assert command("-r", f"gitlab:{NAME}").code == 0
    assert versions_of(engine) == before


def versions_of(engine: sa.Engine) -> list[bytes]:
    """Return the versions of the project and of its CI file."""
    with engine.connect() as connection:
        return [
            bytes(connection.scalars(sa.select(table.c.version)).one())
            for table in (repos, workflows)
        ]

"""Pipelines of GitLab that an earlier release stored as open with the time of their end."""

from sqlalchemy import Engine, insert, select, text

from schema import migrate
from schema.tables.ci import jobs, runattempts

TOLD = b"\x01" * 24
OPEN, ENDED = "in_progress", "completed"
# Server, pipeline, how it stands; and whether whatever comes next tells how it does.
STORED = (
    ("gitlab", 1, OPEN, True),
    ("gitlab", 2, ENDED, False),
    ("gitlab:git.example.org", 1, "waiting", True),
    ("github", 1, OPEN, False),
)


def test_upgrade_has_open_pipelines_told_anew(engine: Engine):
    migrate.upgrade(engine)
    with engine.begin() as connection:
        for provider, run, status, _ in STORED:
            its = {"provider": provider, "rungitid": run, "status": status, "version": TOLD}
            connection.execute(insert(runattempts), [{**its, "attempt": 1}])
            connection.execute(insert(jobs), [{**its, "gitid": 10 + run}])
        connection.execute(text("UPDATE alembic_version SET version_num = '0092'"))
    migrate.upgrade(engine)
    with engine.connect() as connection:
        for table in (runattempts, jobs):
            query = select(table.c.provider, table.c.rungitid, table.c.version)
            found = {
                (provider, run): bytes(told) for provider, run, told in connection.execute(query)
            }
            assert found == {
                (provider, run): b"" if is_told else TOLD for provider, run, _, is_told in STORED
            }

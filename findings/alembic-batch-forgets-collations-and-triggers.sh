#!/usr/bin/env bash
# alembic 1.20.1 with SQLAlchemy 2.1.9 (PyPI); SQLite as Python's sqlite3 has it.
#
# Behaviour: op.batch_alter_table makes an SQLite table anew as SQLAlchemy reflects it
# (https://alembic.sqlalchemy.org/en/latest/batch.html), which tells neither a column's COLLATE nor an
# index's, no DESC, no ON CONFLICT, no AUTOINCREMENT; and a trigger goes with the table that is dropped.
# Of a CHECK without a name and of an index over an expression there is a warning, of these none. So a
# migration that only lets another column be NULL changes what is one name: what was UNIQUE without
# case is not any more, a search by another case finds nothing, numbers of deleted rows are given
# again, and nobody is told of a row that is written. Nothing fails, until the table is needed so.
# Remedy: copy_from= with the whole table, and the triggers made again after the batch.
#
# Output seen (before and after `batch.alter_column("note", nullable=True)`):
#   search for MAIN: 1, 0
#   'main' beside 'Main': IntegrityError, stored
#   rows the trigger noted: 1, 0
#   the number after the last one was deleted: 3, 2
#   warnings: none
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install --disable-pip-version-check alembic==1.20.1 SQLAlchemy==2.1.9 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/seen"
import warnings

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

TABLES = """
CREATE TABLE branches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT COLLATE NOCASE NOT NULL CONSTRAINT one_name UNIQUE,
    note TEXT NOT NULL DEFAULT ''
);
CREATE TABLE noted (name TEXT);
CREATE TRIGGER notes AFTER INSERT ON branches BEGIN INSERT INTO noted VALUES (new.name); END
"""


def looks(migrated):
    """Return what a store answers, whose table was migrated or was not."""
    with sa.create_engine("sqlite://").connect() as connection:
        connection.connection.driver_connection.executescript(TABLES)
        if migrated:
            operations = Operations(MigrationContext.configure(connection))
            with operations.batch_alter_table("branches") as batch:
                batch.alter_column("note", existing_type=sa.Text(), nullable=True)
        ask = connection.exec_driver_sql
        ask("INSERT INTO branches (name) VALUES ('Main')")
        yield ask("SELECT count(*) FROM branches WHERE name = 'MAIN'").scalar_one()
        try:
            ask("INSERT INTO branches (name) VALUES ('main')")
            yield "stored"
        except sa.exc.IntegrityError as error:
            yield type(error).__name__
        ask("DELETE FROM branches WHERE name = 'main' COLLATE BINARY")
        yield ask("SELECT count(*) FROM noted").scalar_one()
        ask("INSERT INTO branches (name) VALUES ('topic')")
        ask("DELETE FROM branches WHERE name = 'topic'")
        yield ask("INSERT INTO branches (name) VALUES ('other')").lastrowid


names = (
    "search for MAIN",
    "'main' beside 'Main'",
    "rows the trigger noted",
    "the number after the last one was deleted",
)
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    for name, before, after in zip(names, looks(False), looks(True), strict=True):
        print(f"{name}: {before}, {after}")
print("warnings:", ", ".join(str(each.message) for each in said) or "none")
PYTHON
diff "$folder/seen" - <<'SEEN'
search for MAIN: 1, 0
'main' beside 'Main': IntegrityError, stored
rows the trigger noted: 1, 0
the number after the last one was deleted: 3, 2
warnings: none
SEEN

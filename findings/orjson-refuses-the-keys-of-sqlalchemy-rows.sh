#!/usr/bin/env bash
# SQLAlchemy 2.1.9 and orjson 3.13.0 (PyPI); SQLite as Python's sqlite3 has it.
#
# Behaviour: in the mapping of a row (Row._mapping, Result.mappings()) the key of a table's column is
# no str, but SQLAlchemy's quoted_name, a subclass of it; the key of a label, of a function and of a
# textual statement is a str. json writes all of them. orjson takes subclasses of str as values, not
# as keys ("Dict key must be str"; https://github.com/ijl/orjson#types speaks of values), unless it
# is told OPT_NON_STR_KEYS. So one and the same row is written or refused by whether somebody gave
# its columns labels.
# Remedy: {str(key): value for key, value in row.items()}, or labels, or OPT_NON_STR_KEYS.
#
# Output seen:
#   column: key is a quoted_name, equal to its text: True; json {"name": "a"}; orjson TypeError: Dict key must be str
#   label: key is a str, equal to its text: True; json {"name": "a"}; orjson {"name":"a"}
#   text: key is a str, equal to its text: True; json {"name": "a"}; orjson {"name":"a"}
#   column as a value: orjson ["name"]
#   column, OPT_NON_STR_KEYS: orjson {"name":"a"}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install --disable-pip-version-check SQLAlchemy==2.1.9 orjson==3.13.0 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/seen"
import json

import orjson
import sqlalchemy as sa


def told(value, **options):
    try:
        return orjson.dumps(value, **options).decode()
    except TypeError as error:
        return f"TypeError: {error}"


things = sa.Table("things", sa.MetaData(), sa.Column("name", sa.String(9)))
queries = {
    "column": sa.select(things.c.name),
    "label": sa.select(things.c.name.label("name")),
    "text": sa.text("SELECT name FROM things"),
}
with sa.create_engine("sqlite://").connect() as connection:
    things.create(connection)
    connection.execute(things.insert(), [{"name": "a"}])
    rows = {one: dict(connection.execute(query).mappings().one()) for one, query in queries.items()}
for one, row in rows.items():
    (key,) = row
    kind = f"key is a {type(key).__name__}, equal to its text: {key == 'name'}"
    print(f"{one}: {kind}; json {json.dumps(row)}; orjson {told(row)}")
print("column as a value: orjson", told([*rows["column"]]))
print("column, OPT_NON_STR_KEYS: orjson", told(rows["column"], option=orjson.OPT_NON_STR_KEYS))
PYTHON
sed -n 's/^#   //p' "$0" | diff - "$folder/seen"

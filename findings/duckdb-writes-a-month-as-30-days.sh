#!/usr/bin/env bash
# duckdb 1.5.5 (PyPI), with the Parquet writer that is built in.
#
# Behaviour: COPY ... TO a Parquet file keeps each distinct value of a column once, from five rows on
# where values come again, and takes two intervals for one value that are equal in a comparison: a
# month, 30 days and 720 hours. The one that came first is written for all. Such intervals are equal but
# not the same: added to a date they give different days. Parquet itself has months, days and
# milliseconds apart, and fewer rows are written right, so a test with a few rows passes.
# So does EXPORT DATABASE (FORMAT parquet), whose files IMPORT DATABASE is to read as what was exported
# (https://duckdb.org/docs/stable/sql/statements/export). DuckDB's own file keeps them apart.
# Remedy: DICTIONARY_SIZE_LIMIT 0 in COPY, or intervals as text.
#
# Output seen (three contracts of a month and three of 30 days; paid next, from the 1st of February):
#   in DuckDB: 1 month: 3 of 2026-03-01, 30 days: 3 of 2026-03-03
#   four rows as Parquet: 1 month: 2 of 2026-03-01, 30 days: 2 of 2026-03-03
#   six rows as Parquet: 1 month: 6 of 2026-03-01
#   six rows, in the other order: 30 days: 6 of 2026-03-03
#   six rows, DICTIONARY_SIZE_LIMIT 0: 1 month: 3 of 2026-03-01, 30 days: 3 of 2026-03-03
#   exported and imported: 1 month: 6 of 2026-03-01
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install --disable-pip-version-check duckdb==1.5.5 2>/dev/null
cd "$folder"
venv/bin/python - <<'PYTHON' | tee seen
import duckdb

PAID = """
    SELECT every::VARCHAR || ': ' || count(*) || ' of ' || (DATE '2026-02-01' + every)::DATE
    FROM {} GROUP BY every::VARCHAR, DATE '2026-02-01' + every ORDER BY ALL"""


def told(database, source):
    return ", ".join(row[0] for row in database.execute(PAID.format(source)).fetchall())


def copied(rows, options=""):
    query = f"SELECT * FROM contracts ORDER BY {rows}"
    database.execute(f"COPY ({query}) TO 'contracts.parquet' (FORMAT parquet{options})")
    return told(database, "'contracts.parquet'")


database = duckdb.connect()
database.execute("CREATE TABLE contracts (number INT, every INTERVAL)")
for number in range(6):
    every = "INTERVAL 30 DAY" if number % 2 else "INTERVAL 1 MONTH"
    database.execute(f"INSERT INTO contracts VALUES ({number}, {every})")
print("in DuckDB:", told(database, "contracts"))
print("four rows as Parquet:", copied("number LIMIT 4"))
print("six rows as Parquet:", copied("number"))
print("six rows, in the other order:", copied("number DESC"))
print("six rows, DICTIONARY_SIZE_LIMIT 0:", copied("number", ", DICTIONARY_SIZE_LIMIT 0"))
database.execute("EXPORT DATABASE 'kept' (FORMAT parquet)")
again = duckdb.connect()
again.execute("IMPORT DATABASE 'kept'")
print("exported and imported:", told(again, "contracts"))
PYTHON
diff seen - <<'SEEN'
in DuckDB: 1 month: 3 of 2026-03-01, 30 days: 3 of 2026-03-03
four rows as Parquet: 1 month: 2 of 2026-03-01, 30 days: 2 of 2026-03-03
six rows as Parquet: 1 month: 6 of 2026-03-01
six rows, in the other order: 30 days: 6 of 2026-03-03
six rows, DICTIONARY_SIZE_LIMIT 0: 1 month: 3 of 2026-03-01, 30 days: 3 of 2026-03-03
exported and imported: 1 month: 6 of 2026-03-01
SEEN

#!/usr/bin/env bash
# duckdb 1.5.5 with duckdb-extension-mysql-scanner 1.5.5 (PyPI), on mysql-server-core 9.7.4-2 (Debian sid).
#
# Behaviour: tables of an attached MySQL are to be read as if they were DuckDB's own
# (https://duckdb.org/docs/stable/core_extensions/mysql), and DuckDB compares texts by their bytes. But it
# has MySQL compare them, by the column's collation, and believes the answer. Of LIKE 'z%' it
# makes name >= 'z' AND name < '{', which is empty where signs sort before letters, as in
# utf8mb4_0900_ai_ci: what begins with z is never found, nor what begins with a text that ends in a 9
# ('release/1.9%' ends before ':'). `=` finds what differs by case, IN does not. GROUP BY
# adds such names up, DISTINCT inside of COUNT does not, and MIN is another value than ARG_MIN. All without a
# word. The extension for PostgreSQL had the range of LIKE, too, and has it compared by bytes since May
# 2026 (https://github.com/duckdb/duckdb-postgres/pull/471); MySQL's has not.
# Remedy: the three settings below, or a copy of the table first.
#
# Output seen (DuckDB's copy of the table; the table in MySQL; it with mysql_experimental_filter_pushdown,
# mysql_aggregate_pushdown_enabled and mysql_order_pushdown_enabled set to false):
#   name LIKE 'z%': 2, 0, 2
#   name LIKE 'release/1.9%': 1, 0, 1
#   name LIKE 'release/1.1%': 1, 1, 1
#   name = 'zlib': 1, 2, 1
#   name IN ('zlib', 'none'): 1, 1, 1
#   names by GROUP BY: 6, 5, 6
#   names by COUNT(DISTINCT): 6, 6, 6
#   MIN(name): Zlib, _rest, Zlib
#   ARG_MIN(name, name): Zlib, Zlib, Zlib
#   the first by ORDER BY name: Zlib, _rest, Zlib
set -euo pipefail
folder=$(mktemp -d)
server=
stop() { [ -z "$server" ] || { kill -9 "$server" && wait "$server"; } 2>/dev/null || true; rm -rf "$folder"; }
trap stop EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install --disable-pip-version-check duckdb==1.5.5 \
    duckdb-extension-mysql-scanner==1.5.5 2>/dev/null

# Sid's packages, unpacked beside the machine's own and run with their own libraries.
apt=$folder/apt
mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$folder/root"
: >"$apt/state/status"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keyring] http://deb.debian.org/debian sid main" >"$apt/sources.list"
options=(-oDir::State="$apt/state" -oDir::State::status="$apt/state/status" -oDir::Cache="$apt/cache"
    -oDir::Etc::SourceList="$apt/sources.list" -oDir::Etc::SourceParts=/nonexistent
    -oAPT::Install-Recommends=false -oAPT::Sandbox::User=root -qq)
apt-get "${options[@]}" update 2>/dev/null
apt-get "${options[@]}" -y -d install mysql-server-core=9.7.4-2 >/dev/null 2>&1
for package in "$apt"/cache/archives/*.deb; do dpkg -x "$package" "$folder/root" 2>/dev/null; done
libraries=$folder/root/usr/lib/x86_64-linux-gnu
mysqld=("$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" "$folder/root/usr/sbin/mysqld"
    --no-defaults --user=root --datadir="$folder/data" --basedir="$folder/root/usr"
    --lc-messages-dir="$folder/root/usr/share/mysql" --secure-file-priv=NULL --mysqlx=OFF
    --character-sets-dir="$folder/root/usr/share/mysql/charsets")
"${mysqld[@]}" --initialize-insecure 2>"$folder/log"
cat >"$folder/tables.sql" <<'SQL'
CREATE DATABASE shop;
CREATE TABLE shop.packages (name VARCHAR(40)) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci;
INSERT INTO shop.packages VALUES ('zlib'), ('Zlib'), ('zstd'), ('release/1.9.2'), ('release/1.10'), ('_rest');
SQL
"${mysqld[@]}" --skip-networking --socket="$folder/socket" --init-file="$folder/tables.sql" \
    </dev/null 2>>"$folder/log" &
server=$!
for _ in $(seq 300); do [ -S "$folder/socket" ] && break; sleep 0.2; done
"$folder/venv/bin/python" - "$folder/socket" <<'PYTHON' | tee "$folder/seen"
import importlib.util
import sys

import duckdb

(folder,) = importlib.util.find_spec("duckdb_extension_mysql_scanner").submodule_search_locations
database = duckdb.connect()
database.execute(f"LOAD '{folder}/extensions/v{duckdb.__version__}/mysql_scanner.duckdb_extension'")
database.execute(f"ATTACH 'host=localhost user=root socket={sys.argv[1]} database=shop' AS shop (TYPE mysql)")
database.execute("CREATE TABLE packages AS SELECT * FROM shop.packages")
CONDITIONS = (
    "name LIKE 'z%'",
    "name LIKE 'release/1.9%'",
    "name LIKE 'release/1.1%'",
    "name = 'zlib'",
    "name IN ('zlib', 'none')",
)
QUERIES = {
    **{each: f"SELECT count(*) FROM {{}} WHERE {each}" for each in CONDITIONS},
    "names by GROUP BY": "SELECT count(*) FROM (SELECT name FROM {} GROUP BY name)",
    "names by COUNT(DISTINCT)": "SELECT count(DISTINCT name) FROM {}",
    "MIN(name)": "SELECT min(name) FROM {}",
    "ARG_MIN(name, name)": "SELECT arg_min(name, name) FROM {}",
    "the first by ORDER BY name": "SELECT name FROM {} ORDER BY name LIMIT 1",
}


def answers(source):
    return [database.execute(query.format(source)).fetchone()[0] for query in QUERIES.values()]


seen = [answers("packages"), answers("shop.packages")]
for setting in ("experimental_filter_pushdown", "aggregate_pushdown_enabled", "order_pushdown_enabled"):
    database.execute(f"SET mysql_{setting} = false")
seen.append(answers("shop.packages"))
for name, *each in zip(QUERIES, *seen, strict=True):
    print(f"{name}: {', '.join(map(str, each))}")
PYTHON
diff "$folder/seen" - <<'SEEN'
name LIKE 'z%': 2, 0, 2
name LIKE 'release/1.9%': 1, 0, 1
name LIKE 'release/1.1%': 1, 1, 1
name = 'zlib': 1, 2, 1
name IN ('zlib', 'none'): 1, 1, 1
names by GROUP BY: 6, 5, 6
names by COUNT(DISTINCT): 6, 6, 6
MIN(name): Zlib, _rest, Zlib
ARG_MIN(name, name): Zlib, Zlib, Zlib
the first by ORDER BY name: Zlib, _rest, Zlib
SEEN

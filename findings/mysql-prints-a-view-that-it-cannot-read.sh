#!/usr/bin/env bash
# mysql-server-core 9.7.4-2 (Debian sid) and PyMySQL 1.1.2 (PyPI).
#
# Behaviour: a view's common table expression, or derived table, has a list of column names, and in its
# SELECT an expression of over 64 characters without a name of its own. CREATE VIEW takes it and the
# view answers. SHOW CREATE VIEW, and so a dump, prints the expression's text as its alias, which is too
# long for a name: the printed statement is refused with 1166, and the dump ends there when it is
# read. On the outermost level MySQL invents a short name instead (Name_exp_1). Remedy: an
# alias for each such expression, though the list of names makes it useless.
#
# Output seen:
#   common table expression: answers 7, printed again: 1166
#   derived table: answers 7, printed again: 1166
#   with an alias: answers 7, printed again: read
#   outermost: answers 7, printed again: read
set -euo pipefail
folder=$(mktemp -d)
server=
stop() { [ -z "$server" ] || { kill -9 "$server" && wait "$server"; } 2>/dev/null || true; rm -rf "$folder"; }
trap stop EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install --disable-pip-version-check PyMySQL==1.1.2 2>/dev/null

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
"${mysqld[@]}" --skip-networking --socket="$folder/socket" </dev/null 2>>"$folder/log" &
server=$!
for _ in $(seq 300); do [ -S "$folder/socket" ] && break; sleep 0.2; done
"$folder/venv/bin/python" - "$folder/socket" <<'PYTHON' | tee "$folder/seen"
import sys

import pymysql

long = " + ".join(["a", *["10000000"] * 7])  # 78 characters; a is -69999993
cursor = pymysql.connect(unix_socket=sys.argv[1], user="root", autocommit=True).cursor()
cursor.execute("CREATE DATABASE shop")
cursor.execute("USE shop")
cursor.execute("CREATE TABLE numbers (a INT)")
cursor.execute("INSERT INTO numbers VALUES (-69999993)")
views = {
    "common table expression": f"WITH c (x) AS (SELECT {long} FROM numbers) SELECT x FROM c",
    "derived table": f"SELECT x FROM (SELECT {long} FROM numbers) AS c (x)",
    "with an alias": f"WITH c (x) AS (SELECT {long} AS y FROM numbers) SELECT x FROM c",
    "outermost": f"SELECT {long} FROM numbers",
}
for name, select in views.items():
    cursor.execute(f"CREATE VIEW seven AS {select}")
    cursor.execute("SELECT * FROM seven")
    answer = cursor.fetchone()[0]
    cursor.execute("SHOW CREATE VIEW seven")
    printed = cursor.fetchone()[1]
    cursor.execute("DROP VIEW seven")
    try:
        cursor.execute(printed)
        again = "read"
        cursor.execute("DROP VIEW seven")
    except pymysql.err.Error as error:
        again = error.args[0]
    print(f"{name}: answers {answer}, printed again: {again}")
PYTHON
diff "$folder/seen" - <<'SEEN'
common table expression: answers 7, printed again: 1166
derived table: answers 7, printed again: 1166
with an alias: answers 7, printed again: read
outermost: answers 7, printed again: read
SEEN

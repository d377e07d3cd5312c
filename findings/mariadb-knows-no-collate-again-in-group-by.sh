#!/usr/bin/env bash
# mariadb-server-core 10.11.19 (Debian 12, 1:10.11.19-0+deb12u1) beside mysql-server-core 9.7.4-2
# (Debian sid), with PyMySQL 1.1.2 (PyPI); sql_mode is ONLY_FULL_GROUP_BY in both.
#
# Behaviour: an expression with COLLATE in SELECT, and the same in GROUP BY, is refused by MariaDB with
# 1055 ('name' isn't in GROUP BY), inside of functions too, though it takes UPPER(name) in both places.
# MySQL takes all. So a statement that is built from parts, whose GROUP BY repeats what SELECT says,
# fails on MariaDB alone. Remedy: GROUP BY the expression's alias or place, or MariaDB's own
# CAST(name AS CHAR CHARACTER SET ... COLLATE ...), which is known again, inside of functions too.
# 11.8.9 (Debian sid) refuses the same.
#
# Output seen ('a', 'A', 'a' compared byte for byte; UPPER finds one group):
#   UPPER(name): MariaDB 3, MySQL 3
#   name COLLATE utf8mb4_bin: MariaDB 1055, MySQL 1+2
#   CONCAT(name COLLATE utf8mb4_bin, ''): MariaDB 1055, MySQL 1+2
#   the same with GROUP BY n: MariaDB 1+2, MySQL 1+2
#   the same with GROUP BY 1: MariaDB 1+2, MySQL 1+2
#   CAST(name AS CHAR CHARACTER SET utf8mb4 COLLATE utf8mb4_bin): MariaDB 1+2
#   CONCAT(CAST(name AS CHAR CHARACTER SET utf8mb4 COLLATE utf8mb4_bin), ''): MariaDB 1+2
set -euo pipefail
folder=$(mktemp -d -p /var/tmp)
servers=()
stop() {
    for server in "${servers[@]}"; do { kill -9 "$server" && wait "$server"; } 2>/dev/null || true; done
    rm -rf "$folder"
}
trap stop EXIT
chmod 755 "$folder"
cd "$folder"
python3 -m venv venv
venv/bin/pip -q install --disable-pip-version-check PyMySQL==1.1.2 2>/dev/null

apt-get -qq download mariadb-server-core=1:10.11.19-0+deb12u1 2>/dev/null
dpkg -x mariadb-server-core*.deb maria
mkdir data
user=()
# MariaDB does not run as root.
if [ "$(id -u)" = 0 ]; then chown nobody data; user=(setpriv --reuid=nobody --clear-groups); fi
share=$folder/maria/usr/share/mysql
mariadbd=("${user[@]}" maria/usr/sbin/mariadbd --no-defaults --datadir="$folder/data"
    --lc-messages-dir="$share" --skip-grant-tables)
{ printf 'CREATE DATABASE mysql;\nUSE mysql;\n'; cat "$share/mysql_system_tables.sql"; } |
    "${mariadbd[@]}" --bootstrap >log 2>&1
"${mariadbd[@]}" --skip-networking --socket="$folder/data/socket" >>log 2>&1 &
servers+=($!)

# Sid's packages, unpacked beside the machine's own and run with their own libraries.
apt=$folder/apt
mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" sid
: >"$apt/state/status"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keyring] http://deb.debian.org/debian sid main" >"$apt/sources.list"
options=(-oDir::State="$apt/state" -oDir::State::status="$apt/state/status" -oDir::Cache="$apt/cache"
    -oDir::Etc::SourceList="$apt/sources.list" -oDir::Etc::SourceParts=/nonexistent
    -oAPT::Install-Recommends=false -oAPT::Sandbox::User=root -qq)
apt-get "${options[@]}" update 2>/dev/null
apt-get "${options[@]}" -y -d install mysql-server-core=9.7.4-2 >/dev/null 2>&1
for package in "$apt"/cache/archives/*.deb; do dpkg -x "$package" sid 2>/dev/null; done
libraries=$folder/sid/usr/lib/x86_64-linux-gnu
mysqld=("$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" "$folder/sid/usr/sbin/mysqld"
    --no-defaults --user=root --datadir="$folder/mysql" --basedir="$folder/sid/usr"
    --lc-messages-dir="$folder/sid/usr/share/mysql" --secure-file-priv=NULL --mysqlx=OFF
    --character-sets-dir="$folder/sid/usr/share/mysql/charsets")
"${mysqld[@]}" --initialize-insecure 2>>log
"${mysqld[@]}" --skip-networking --socket="$folder/mysql.socket" </dev/null 2>>log &
servers+=($!)
for _ in $(seq 300); do [ -S data/socket ] && [ -S mysql.socket ] && break; sleep 0.2; done
venv/bin/python - "$folder" <<'PYTHON' | tee seen
import sys

import pymysql

cursors = {}
for name, socket in (("MariaDB", "data/socket"), ("MySQL", "mysql.socket")):
    cursor = pymysql.connect(unix_socket=f"{sys.argv[1]}/{socket}", user="root", autocommit=True).cursor()
    cursors[name] = cursor
    for statement in (
        "CREATE DATABASE test",
        "USE test",
        "SET sql_mode = 'ONLY_FULL_GROUP_BY'",
        "CREATE TABLE t (name VARCHAR(20)) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
        "INSERT INTO t VALUES ('a'), ('A'), ('a')",
    ):
        cursor.execute(statement)


def counted(server, expression, group):
    try:
        cursors[server].execute(f"SELECT {expression} AS n, COUNT(*) FROM t GROUP BY {group}")
    except pymysql.err.Error as error:
        return error.args[0]
    return "+".join(sorted(str(count) for _, count in cursors[server].fetchall()))


def tried(expression, group="", name="", servers=("MariaDB", "MySQL")):
    answers = (f"{server} {counted(server, expression, group or expression)}" for server in servers)
    print(f"{name or expression}: {', '.join(answers)}")


BINARY = "name COLLATE utf8mb4_bin"
CAST = "CAST(name AS CHAR CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)"  # no MySQL
tried("UPPER(name)")
tried(BINARY)
tried(f"CONCAT({BINARY}, '')")
tried(f"CONCAT({BINARY}, '')", "n", "the same with GROUP BY n")
tried(f"CONCAT({BINARY}, '')", "1", "the same with GROUP BY 1")
tried(CAST, servers=["MariaDB"])
tried(f"CONCAT({CAST}, '')", servers=["MariaDB"])
PYTHON
diff seen - <<'SEEN'
UPPER(name): MariaDB 3, MySQL 3
name COLLATE utf8mb4_bin: MariaDB 1055, MySQL 1+2
CONCAT(name COLLATE utf8mb4_bin, ''): MariaDB 1055, MySQL 1+2
the same with GROUP BY n: MariaDB 1+2, MySQL 1+2
the same with GROUP BY 1: MariaDB 1+2, MySQL 1+2
CAST(name AS CHAR CHARACTER SET utf8mb4 COLLATE utf8mb4_bin): MariaDB 1+2
CONCAT(CAST(name AS CHAR CHARACTER SET utf8mb4 COLLATE utf8mb4_bin), ''): MariaDB 1+2
SEEN

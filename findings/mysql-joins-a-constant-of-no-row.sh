#!/usr/bin/env bash
# mysql-server-core 9.7.4-2 (Debian sid) with PyMySQL 1.1.2 (PyPI); SQLite as Python's sqlite3 has it.
#
# Behaviour: where a LEFT JOIN finds no row, all columns of its right side are NULL
# (https://dev.mysql.com/doc/refman/8.4/en/join.html), and MySQL shows them so. But where the right side
# is a view or derived table that is merged, and the column a constant in it, a condition that compares
# the column with another table's sees the constant: JOIN, IN (SELECT ...) and EXISTS take such rows,
# NOT EXISTS leaves them out, and DELETE deletes them, all without a warning. Compared with a literal
# it is right, so is a subquery in the list of SELECT, and MariaDB 10.11.19 has all of these right. One
# case, a subquery that depends on such a constant, was reported for 8.0
# (https://bugs.mysql.com/bug.php?id=105899). Views that say of their rows what they are ('paid' AS
# state, TRUE AS known) are common. Remedy: the hint NO_MERGE for the view, or a value that is
# calculated from a column.
#
# Output seen (order 1 is paid, order 2 is not; 'paid' is wanted; SQLite, MySQL, MySQL with NO_MERGE):
#   LEFT JOIN payments: 1 paid + 2 NULL; 1 paid + 2 NULL; 1 paid + 2 NULL
#   ... WHERE state = 'paid': 1 paid; 1 paid; 1 paid
#   ... JOIN wanted: 1 paid; 1 paid + 2 NULL; 1 paid
#   ... WHERE state IN (SELECT wanted): 1 paid; 1 paid + 2 NULL; 1 paid
#   ... WHERE EXISTS (SELECT wanted): 1 paid; 1 paid + 2 NULL; 1 paid
#   ... WHERE NOT EXISTS (SELECT wanted): 2 NULL; none; 2 NULL
#   with the constant calculated: 1 paid; 1 paid; 1 paid
#   orders left by DELETE of what is paid and wanted: 2; none; 2
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
import sqlite3
import sys

import pymysql

TABLES = (
    "CREATE TABLE orders (id INT)",
    "CREATE TABLE paid (number INT)",
    "CREATE TABLE wanted (state VARCHAR(9))",
    "INSERT INTO orders VALUES (1), (2)",
    "INSERT INTO paid VALUES (1)",
    "INSERT INTO wanted VALUES ('paid'), ('sent')",
    "CREATE VIEW payments AS SELECT number, 'paid' AS state FROM paid",
    "CREATE VIEW calculated AS"
    " SELECT number, CASE WHEN number IS NULL THEN '' ELSE 'paid' END AS state FROM paid",
)
file = sqlite3.connect(":memory:")
server = pymysql.connect(unix_socket=sys.argv[1], user="root", autocommit=True).cursor()
server.execute("CREATE DATABASE shop")
server.execute("USE shop")
for statement in TABLES:
    file.execute(statement)
    server.execute(statement)
FROM = "SELECT {hint} orders.id, p.state FROM orders LEFT JOIN payments p ON p.number = orders.id"
SAME = "(SELECT 1 FROM wanted WHERE wanted.state = p.state)"
QUERIES = {
    "LEFT JOIN payments": FROM,
    "... WHERE state = 'paid'": f"{FROM} WHERE p.state = 'paid'",
    "... JOIN wanted": f"{FROM} JOIN wanted ON wanted.state = p.state",
    "... WHERE state IN (SELECT wanted)": f"{FROM} WHERE p.state IN (SELECT state FROM wanted)",
    "... WHERE EXISTS (SELECT wanted)": f"{FROM} WHERE EXISTS {SAME}",
    "... WHERE NOT EXISTS (SELECT wanted)": f"{FROM} WHERE NOT EXISTS {SAME}",
    "with the constant calculated": f"{FROM} WHERE EXISTS {SAME}".replace("payments", "calculated"),
}
HINT = "/*+ NO_MERGE(p) */"


def shown(rows):
    each = (" ".join("NULL" if one is None else str(one) for one in row) for row in sorted(rows))
    return " + ".join(each) or "none"


def on_server(query):
    server.execute(query)
    return shown(server.fetchall())


for name, query in QUERIES.items():
    seen = [shown(file.execute(query.format(hint="")))]
    seen += [on_server(query.format(hint=hint)) for hint in ("", HINT)]
    print(f"{name}: {'; '.join(seen)}")

due = f"{FROM} WHERE EXISTS {SAME}".format(hint="").replace(", p.state", "")
file.execute(f"DELETE FROM orders WHERE id IN ({due})")
left = [shown(file.execute("SELECT id FROM orders"))]
for hint in ("", HINT):
    server.execute("START TRANSACTION")
    delete = f"DELETE {hint} orders FROM orders LEFT JOIN payments p ON p.number = orders.id"
    server.execute(f"{delete} JOIN wanted ON wanted.state = p.state")
    left.append(on_server("SELECT id FROM orders"))
    server.execute("ROLLBACK")
print(f"orders left by DELETE of what is paid and wanted: {'; '.join(left)}")
PYTHON
diff "$folder/seen" - <<'SEEN'
LEFT JOIN payments: 1 paid + 2 NULL; 1 paid + 2 NULL; 1 paid + 2 NULL
... WHERE state = 'paid': 1 paid; 1 paid; 1 paid
... JOIN wanted: 1 paid; 1 paid + 2 NULL; 1 paid
... WHERE state IN (SELECT wanted): 1 paid; 1 paid + 2 NULL; 1 paid
... WHERE EXISTS (SELECT wanted): 1 paid; 1 paid + 2 NULL; 1 paid
... WHERE NOT EXISTS (SELECT wanted): 2 NULL; none; 2 NULL
with the constant calculated: 1 paid; 1 paid; 1 paid
orders left by DELETE of what is paid and wanted: 2; none; 2
SEEN

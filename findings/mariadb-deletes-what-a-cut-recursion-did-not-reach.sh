#!/usr/bin/env bash
# mariadb-server-core and mariadb-client-core 10.11.19 (Debian 12, 1:10.11.19-0+deb12u1).
#
# Behaviour: a recursive common table expression ends after max_recursive_iterations (1000), and what it
# has by then is its answer; that it "may be incomplete" is warning 1931, which drivers do not
# show. The manual (https://mariadb.com/kb/en/with) says that the variable limits recursions, not what is
# answered then. Strict mode makes an error of the warning for INSERT and UPDATE; for DELETE no mode
# does: what the recursion did not come to is deleted, as if nothing led there. (MySQL refuses, with
# 3636.) Who keeps chains of versions, comments or parts, and removes what nothing leads to, loses the
# end of a chain that has grown beyond a thousand. Remedy: SET max_recursive_iterations.
#
# Output seen (1,500 parts, each of the one before it, and one that is no part of any):
#   SELECT COUNT(*) of those that the first one leads to: 1001
#   INSERT of those: refused, 1931
#   UPDATE of those: refused, 1931
#   DELETE of the others: deleted, 1001 of 1501 left
#   DELETE by a join: deleted, 1001 of 1501 left
#   with max_recursive_iterations = 10000: deleted, 1500 of 1501 left
set -euo pipefail
folder=$(mktemp -d -p /var/tmp)
server=
stop() { [ -z "$server" ] || { kill -9 "$server" && wait "$server"; } 2>/dev/null || true; rm -rf "$folder"; }
trap stop EXIT
chmod 755 "$folder"
cd "$folder"
apt-get -qq download mariadb-{server,client}-core=1:10.11.19-0+deb12u1 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
share=$folder/root/usr/share/mysql
mkdir data
user=()
# MariaDB does not run as root.
if [ "$(id -u)" = 0 ]; then chown nobody data; user=(setpriv --reuid=nobody --clear-groups); fi
mariadbd=("${user[@]}" root/usr/sbin/mariadbd --no-defaults --datadir="$folder/data"
    --lc-messages-dir="$share" --skip-grant-tables)
{ printf 'CREATE DATABASE mysql;\nUSE mysql;\n'; cat "$share/mysql_system_tables.sql"; } |
    "${mariadbd[@]}" --bootstrap >log 2>&1
"${mariadbd[@]}" --skip-networking --socket="$folder/data/socket" >>log 2>&1 &
server=$!
ask() { root/usr/bin/mariadb --no-defaults -S data/socket -N -B "$@"; }
for _ in $(seq 200); do echo 'SELECT 1' | ask >/dev/null 2>&1 && break; sleep 0.1; done

reached="WITH RECURSIVE reached (number) AS (
    SELECT 1 UNION ALL
    SELECT parts.number FROM parts JOIN reached ON parts.of = reached.number)"
fill="
    SET sql_mode = 'STRICT_ALL_TABLES';
    CREATE OR REPLACE TABLE parts (number INT PRIMARY KEY, of INT, used BOOL DEFAULT FALSE);
    INSERT INTO parts (number, of) SELECT seq, seq - 1 FROM seq_1_to_1500;
    INSERT INTO parts (number, of) VALUES (9000, 8999);
    CREATE OR REPLACE TABLE doomed SELECT * FROM parts;"
tried() { # NAME STATEMENT
    if echo "$fill $2" | ask test >/dev/null 2>error; then
        echo "$1: deleted, $(echo 'SELECT COUNT(*) FROM doomed' | ask test) of 1501 left"
    else
        echo "$1: refused, $(sed -n 's/^ERROR \([0-9]*\).*/\1/p' error)"
    fi
}
echo 'CREATE DATABASE test' | ask
others="DELETE FROM doomed WHERE number NOT IN ($reached SELECT number FROM reached)"
{
    echo "SELECT COUNT(*) of those that the first one leads to:" \
        "$(echo "$fill $reached SELECT COUNT(*) FROM reached" | ask test)"
    tried "INSERT of those" "CREATE OR REPLACE TABLE kept (number INT);
        INSERT INTO kept $reached SELECT number FROM reached"
    tried "UPDATE of those" \
        "UPDATE doomed SET used = TRUE WHERE number IN ($reached SELECT number FROM reached)"
    tried "DELETE of the others" "$others"
    tried "DELETE by a join" "DELETE doomed FROM doomed
        LEFT JOIN ($reached SELECT number FROM reached) AS found USING (number)
        WHERE found.number IS NULL"
    tried "with max_recursive_iterations = 10000" "SET max_recursive_iterations = 10000; $others"
} | tee seen
diff seen - <<'SEEN'
SELECT COUNT(*) of those that the first one leads to: 1001
INSERT of those: refused, 1931
UPDATE of those: refused, 1931
DELETE of the others: deleted, 1001 of 1501 left
DELETE by a join: deleted, 1001 of 1501 left
with max_recursive_iterations = 10000: deleted, 1500 of 1501 left
SEEN

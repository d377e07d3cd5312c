#!/usr/bin/env bash
# mariadb-server-core 10.11.19 (Debian 12, 1:10.11.19-0+deb12u1), as root on Linux with /dev/shm.
#
# Behaviour: a data folder in /dev/shm has InnoDB's log mapped into memory, as on persistent memory,
# so a commit lies in the file at once whatever innodb_flush_log_at_trx_commit says. A test that
# kills the server to show what the setting 0 loses finds nothing lost there, and passes; on a disk
# the same fifty commits are gone. Keep such a test's data on a disk. What tells: the server's log
# says "(memory-mapped)".
#
# Output seen (50 commits with the setting 0, then kill -9):
#   on disk: 0 of 50 left, memory-mapped: no
#   in /dev/shm: 50 of 50 left, memory-mapped: yes
set -euo pipefail
folder=$(mktemp -d -p /var/tmp)
shm=$(mktemp -d -p /dev/shm)
server=
stop() { [ -z "$server" ] || kill -9 "$server" 2>/dev/null || true; rm -rf "$folder" "$shm"; }
trap stop EXIT
chmod 755 "$folder" "$shm"
cd "$folder"
apt-get -qq download mariadb-{server,client}-core=1:10.11.19-0+deb12u1 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
share=$folder/root/usr/share/mysql
{
    printf 'CREATE DATABASE mysql;\nUSE mysql;\n'
    cat "$share/mysql_system_tables.sql"
    printf 'CREATE DATABASE test;\nCREATE TABLE test.numbers (n INT PRIMARY KEY) ENGINE=InnoDB;\n'
} >tables.sql

run_server() { # DATA, then options
    local data=$1
    shift
    # MariaDB does not run as root.
    exec setpriv --reuid=nobody --clear-groups root/usr/sbin/mariadbd --no-defaults \
        --datadir="$data" --lc-messages-dir="$share" --skip-grant-tables \
        --innodb-flush-log-at-trx-commit=0 "$@"
}
ask() { root/usr/bin/mariadb --no-defaults -S "$1/socket" -N -B test; }
start() { # DATA
    run_server "$1" --skip-networking --socket="$1/socket" >>"$1/log" 2>&1 &
    server=$!
    for _ in $(seq 200); do
        if echo 'SELECT 1' | ask "$1" >/dev/null 2>&1; then return; fi
        sleep 0.1
    done
    return 1
}
try() { # NAME DATA
    mkdir "$2"
    chown nobody "$2"
    (run_server "$2" --bootstrap <tables.sql >/dev/null 2>&1)
    start "$2"
    sleep 2 # the log is flushed once a second: begin when it is quiet
    seq 50 | sed 's/.*/INSERT INTO numbers VALUES (&);/' | ask "$2"
    kill -9 "$server"
    wait "$server" 2>/dev/null || true
    start "$2"
    mapped=no
    if grep -q '(memory-mapped)' "$2/log"; then mapped=yes; fi
    echo "$1: $(echo 'SELECT COUNT(*) FROM numbers' | ask "$2") of 50 left, memory-mapped: $mapped"
    kill -9 "$server"
    wait "$server" 2>/dev/null || true
}
{
    try "on disk" "$folder/data"
    try "in /dev/shm" "$shm/data"
} >seen
cat seen
diff seen - <<'SEEN'
on disk: 0 of 50 left, memory-mapped: no
in /dev/shm: 50 of 50 left, memory-mapped: yes
SEEN

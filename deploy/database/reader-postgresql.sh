#!/bin/sh
# The account of pages and Grafana: it only reads. PostgreSQL's image runs this once, when it makes
# the database; the tables will be made by the user that it runs as.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    -v password="$(cat "${READER_PASSWORD_FILE:-/run/secrets/reader_password}")" <<'SQL'
CREATE ROLE reader LOGIN PASSWORD :'password' CONNECTION LIMIT 20;
ALTER ROLE reader SET default_transaction_read_only = on;
ALTER ROLE reader SET statement_timeout = '60s';
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader;
SQL

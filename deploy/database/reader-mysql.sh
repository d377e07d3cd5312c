# The account of pages and Grafana: it only reads. MySQL's image sources this once, when it makes
# the database (docker_process_sql is its own).
# shellcheck shell=bash
docker_process_sql <<SQL
CREATE USER IF NOT EXISTS 'reader'@'%' IDENTIFIED BY '$(cat "${READER_PASSWORD_FILE:-/run/secrets/reader_password}")'
    WITH MAX_USER_CONNECTIONS 20;
GRANT SELECT, SHOW VIEW ON \`${MYSQL_DATABASE}\`.* TO 'reader'@'%';
SQL

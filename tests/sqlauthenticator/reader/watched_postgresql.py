"""What a reader may not change on PostgreSQL, as somebody beside it sees it."""

from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

TARGETS = (
    "CREATE SEQUENCE numbers",
    "CREATE FUNCTION write_item() RETURNS INT SECURITY DEFINER LANGUAGE plpgsql AS"
    " $$ BEGIN INSERT INTO items (name) VALUES ('w'); RETURN 1; END $$",
    "CREATE FUNCTION write_item(items) RETURNS INT LANGUAGE sql AS 'SELECT write_item()'",
    "CREATE PROCEDURE write_items() LANGUAGE sql AS $$ INSERT INTO items (name) VALUES ('w') $$",
)
ASKED = {
    "the rows": "SELECT * FROM items ORDER BY id",
    "the relations": "SELECT relname, relfilenode, relacl::text FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
    "the temporary tables": "SELECT relname FROM pg_class WHERE relpersistence = 't'",
    "the columns": "SELECT attname FROM pg_attribute WHERE attrelid = 'items'::regclass",
    "the comments": "SELECT obj_description('items'::regclass)",
    "the functions": "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "the sequence": "SELECT last_value, is_called FROM numbers",
    "the large objects": "SELECT oid FROM pg_largeobject_metadata",
    "the roles": "SELECT rolname FROM pg_roles ORDER BY 1",
    "their settings": "SELECT setconfig FROM pg_db_role_setting",
    "the databases": "SELECT datname FROM pg_database WHERE datname = 'made'",
    "the locks": "SELECT locktype, mode FROM pg_locks WHERE locktype = 'advisory'"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    "the slots": "SELECT slot_name FROM pg_replication_slots",
    "the prepared transactions": "SELECT gid FROM pg_prepared_xacts",
    "the open transactions": "SELECT state FROM pg_stat_activity"
    " WHERE datname = current_database() AND state LIKE 'idle in%'",
    "the settings": "SELECT name, setting FROM pg_file_settings ORDER BY 1",
}
KEPT = "default_transaction_read_only statement_timeout standard_conforming_strings role".split()


class PostgresState:
    """A server: rows, tables, roles, settings, locks, files, and the readers' sessions."""

    def __init__(self, url: str) -> None:
        place = sa.make_url(url)
        self.beside = psycopg.connect(
            host=place.host,
            port=place.port,
            user=place.username,
            dbname=place.database,
            autocommit=True,
            options="-c lock_timeout=2s -c statement_timeout=30s",
        )
        self.folder = Path(self.ask("SHOW data_directory")[0][0])

    def ask(self, sql: str) -> Any:
        return self.beside.execute(sql).fetchall()

    def read(self, doors: Any) -> dict[str, Any]:
        try:
            state = {name: self.ask(sql) for name, sql in ASKED.items()}
        except psycopg.Error as error:  # a table is gone, or locked
            return {"what can be read": str(error)}
        state["the files"] = sorted(self.folder.rglob("made*"))
        session = "SELECT " + ", ".join(f"current_setting('{name}')" for name in KEPT)
        for way in (doors.try_connector, doors.try_engine):
            state[f"the session of {way.__name__}"] = list(map(tuple, way(session)))
        return state

    def close(self) -> None:
        """Undo what a control may have done to the server."""
        for sql in (
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots",
            "ALTER SYSTEM RESET ALL",
            "ALTER ROLE root RESET ALL",
            "DROP ROLE IF EXISTS made",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        ):
            self.beside.execute(sql)
        for path in self.folder.rglob("made*"):
            path.unlink()
        self.beside.close()

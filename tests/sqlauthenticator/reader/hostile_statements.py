"""Statements of somebody who wants to write through a reader, disguised at random."""

import random
from collections.abc import Callable

from tests.sqlauthenticator.reader import hostile_to_postgresql as postgresql

READS = {
    "postgresql": postgresql.READS,
    "sqlite": (
        "SELECT COUNT(*), SUM(size) FROM items",
        "WITH q AS (SELECT id FROM items) SELECT * FROM q",
        "VALUES (1, 'INSERT INTO items')",
        "EXPLAIN QUERY PLAN SELECT * FROM items",
        "PRAGMA table_info(items)",
        "SELECT replace(name, 'o', 'u') AS \"for update\" FROM items",
    ),
    "servers": (
        "SELECT COUNT(*), SUM(size) FROM items",
        "WITH q AS (SELECT id FROM items) SELECT * FROM q",
        "SELECT 'INTO OUTFILE', REPLACE(name, 'o', 'u') AS `for update` FROM items",
        "(SELECT 1) UNION (SELECT 2) -- DELETE FROM items",
        "EXPLAIN SELECT * FROM items",
        "SHOW TABLES",
        "DESCRIBE items",
        "SET @since = NOW() - INTERVAL 1 DAY, time_zone = '+00:00'",
        "SELECT INSERT('abc', 1, 1, 'x'), @since",
    ),
}
ANY = (
    "INSERT INTO items (name) VALUES ('w')",
    "UPDATE items SET size = 7",
    "DELETE FROM items",
    "REPLACE INTO items (id, name) VALUES (1, 'w')",
    "DROP TABLE items",
    "CREATE TABLE made (a INTEGER)",
    "CREATE VIEW made AS SELECT 1",
    "ALTER TABLE items ADD COLUMN made INTEGER",
    "INSERT INTO items (name) SELECT name FROM items",
    "DELETE FROM items RETURNING id",
)
WRITES = {
    "postgresql": (*ANY, *postgresql.WRITES),
    "sqlite": (
        *ANY,
        "ATTACH 'made.db' AS made",
        "ATTACH DATABASE 'file:made.db?mode=rwc' AS made",
        "PRAGMA query_only = 0",
        "PRAGMA main.user_version = 7",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA writable_schema = 1",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "PRAGMA locking_mode(EXCLUSIVE)",
        "SELECT * FROM pragma_journal_mode('delete')",
        "VACUUM",
        "VACUUM INTO 'made.db'",
        "SELECT load_extension('made')",
        "SELECT writefile('made.txt', 'x')",
        "BEGIN IMMEDIATE",
        "SAVEPOINT made",
        "REINDEX",
        "ANALYZE",
        "CREATE TEMP TABLE made (a)",
        "CREATE VIRTUAL TABLE made USING fts5(a)",
    ),
    "servers": (
        *ANY,
        "SET SESSION TRANSACTION READ WRITE",
        "SET @@session.transaction_read_only = 0",
        "SET `tx_read_only` = 0",
        "SET @a = 1, @@transaction_read_only = OFF",
        "SET GLOBAL max_connections = 77",
        "SET @@GLOBAL.wait_timeout = 77",
        "SET max_statement_time = 0",
        "SET max_execution_time = 0",
        "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'",
        "SET NAMES gbk",
        "SET autocommit = 0",
        "SET STATEMENT max_statement_time = 0 FOR DELETE FROM items",
        "START TRANSACTION READ WRITE",
        "BEGIN",
        "XA START 'made'",
        "SELECT 1 INTO OUTFILE 'made.txt'",
        "SELECT 1.INTO OUTFILE 'made.txt'",
        "SELECT name FROM items INTO DUMPFILE 'made.txt'",
        "SELECT LOAD_FILE('made.txt')",
        "LOAD DATA INFILE 'made.txt' INTO TABLE items",
        "SELECT GET_LOCK('made', 0)",
        "SELECT `get_lock`('made', 0)",
        "DO GET_LOCK('made', 0)",
        "SELECT * FROM items FOR UPDATE",
        "SELECT NEXT VALUE FOR numbers",
        "SELECT NEXTVAL(numbers)",
        "SELECT SETVAL(numbers, 900)",
        "SELECT write_item()",
        "CALL write_items()",
        "PREPARE made FROM 'DELETE FROM items'",
        "EXECUTE made",
        "EXECUTE IMMEDIATE 'DELETE FROM items'",
        "BEGIN NOT ATOMIC DELETE FROM items; END",
        "HANDLER items OPEN",
        "TRUNCATE items",
        "RENAME TABLE items TO made",
        "CREATE USER made",
        "GRANT SELECT ON *.* TO root@'127.0.0.1'",
        "EXPLAIN ANALYZE DELETE a FROM items AS a, items AS b WHERE a.id = b.id",
        "ANALYZE UPDATE items SET size = 3",
        "WITH q AS (SELECT 1) UPDATE items SET size = 3",
    ),
}
SLOW = {
    "postgresql": postgresql.SLOW,
    "sqlite": (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n",
    ),
    "servers": (
        "SELECT SLEEP(60)",
        "SELECT /*+ MAX_EXECUTION_TIME(0) */ SLEEP(60)",
        "SELECT /*+ SET_VAR(max_execution_time = 0) */ SLEEP(60)",
        "SET @a = SLEEP(60)",
        "SHOW TABLES WHERE SLEEP(60)",
        "SET STATEMENT max_statement_time = 0 FOR SELECT SLEEP(60)",
    ),
}
GAPS = ("  ", "\n", "\t", "/**/", "/* ' */", "-- '\n", "#'\n", "\u00a0", "\u2003", "\x0b", "\x00")
SHELLS = (
    "/*!{}*/",
    "/*!50000 {} */",
    "/*M! {} */",
    "/*!99999 SELECT 1 */ {}",
    "({})",
    "EXPLAIN {}",
    "EXPLAIN ANALYZE {}",
    "ANALYZE {}",
    "WITH q AS (SELECT 1) {}",
    "SET STATEMENT max_statement_time = 9 FOR {}",
    "SELECT 1; {}",
    "SELECT 1 --\u2003; {}",
    "SELECT 'a\\'; {} -- '",
    'SELECT "a\\"; {} -- "',
    "SELECT `a`; {}",
    "SET @made = 1, {}",
    "SET @made = ({})",
    "{};",
    "{} -- SELECT",
    "# SELECT\n{}",
    "SELECT * FROM ({}) AS q",
    "BEGIN NOT ATOMIC {}; END",
    "PREPARE made FROM '{}'",
    "USE {}",
    "SHOW {}",
)
TAILS = {
    "postgresql": postgresql.TAILS,
    "sqlite": ("; {}", " UNION {}", ", writefile('made.txt', 'x')", " -- '\n {}"),
    "servers": (
        " INTO OUTFILE 'made.txt'",
        " /**/INTO/**/DUMPFILE 'made.txt'",
        ", 1.5INTO OUTFILE 'made.txt'",
        " FOR/*!*/UPDATE",
        " UNION SELECT GET_LOCK('made', 0)",
        " UNION SELECT `write_item`()",
        " UNION SELECT NEXTVAL (numbers)",
        "; {}",
        " --\u2003 INTO OUTFILE 'made.txt'",
        " LIMIT 1",
    ),
}
Dress = Callable[[random.Random, str], str]


def change_capitals(chance: random.Random, sql: str) -> str:
    return "".join(chance.choice((letter.upper(), letter.lower())) for letter in sql)


def change_gaps(chance: random.Random, sql: str) -> str:
    gap = chance.choice(GAPS)
    return "".join(gap if letter == " " and chance.random() < 0.6 else letter for letter in sql)


def put_into_shell(chance: random.Random, sql: str) -> str:
    return chance.choice(SHELLS).replace("{}", sql)


def put_into_shell_of_postgresql(chance: random.Random, sql: str) -> str:
    return chance.choice((*SHELLS, *postgresql.SHELLS)).replace("{}", sql)


def hide_word(chance: random.Random, sql: str) -> str:
    """Put one word between quotes or into a comment that a server runs."""
    words = sql.split(" ")
    place = chance.randrange(len(words))
    words[place] = chance.choice(("`%s`", '"%s"', "/*!%s*/", "/*!00000%s*/", "/*M!%s*/")).replace(
        "%s", words[place]
    )
    return " ".join(words)


def damage(chance: random.Random, sql: str) -> str:
    """Take away, double or put in a letter."""
    place = chance.randrange(len(sql))
    letter = chance.choice(("", sql[place] * 2, *"';`\"\\()@,/*#-.5"))
    return sql[:place] + letter + sql[place + 1 :]


DRESSES: tuple[Dress, ...] = (change_capitals, change_gaps, put_into_shell, hide_word, damage)
OF_POSTGRESQL: dict[Dress, Dress] = {put_into_shell: put_into_shell_of_postgresql}


def hostile(chance: random.Random, kind: str) -> str:
    """Return a statement for `sqlite`, `postgresql` or `servers`; 1 in 400 wants to take long."""
    if chance.random() < 0.0025:
        return chance.choice(SLOW[kind])
    if chance.random() < 0.2:
        words = " ".join((*WRITES[kind], *READS[kind])).split()
        return "SELECT " + " ".join(chance.choices(words, k=chance.randint(2, 9)))
    sql = write = chance.choice(WRITES[kind])
    if chance.random() < 0.3:
        sql = chance.choice(READS[kind]) + chance.choice(TAILS[kind]).replace("{}", write)
    own = OF_POSTGRESQL if kind == "postgresql" else {}
    dresses = [own.get(dress, dress) for dress in DRESSES]
    for dress in chance.choices(dresses, k=chance.randint(0, 3)):
        sql = dress(chance, sql) or "SELECT 1"
    return sql

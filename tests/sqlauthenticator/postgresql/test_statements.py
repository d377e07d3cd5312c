"""Placeholders beside PostgreSQL's own signs, and which statements a reader may send."""

import pytest

from sqlauthenticator import (
    POSTGRESQL_LEXER,
    acting_functions,
    prepare,
    refused_on_postgresql,
    with_percentiles,
    without_comments,
)

LONG = "now" * 21  # 63 bytes, which the server keeps
MADE = ("write_item", "größe", LONG)
ACTING = acting_functions([("nextval", 1), ("random", 1), *((name, 0) for name in MADE)])


@pytest.mark.parametrize(
    ("sql", "parameters", "sent"),
    [
        ("SELECT ?::int, 'a'::text", (1,), "SELECT %s::int, 'a'::text"),
        ("SELECT a::int FROM t WHERE b = :b", {"b": 1}, "SELECT a::int FROM t WHERE b = %s"),
        ("SELECT data ? 'a' AND id = ?", (1,), "SELECT data ? 'a' AND id = %s"),
        ("SELECT data ?| ? AND b ?& %s", ("x",), "SELECT data ?| %s AND b ?& %%s"),
        ("SELECT data @? ? AND (a) ? 'b'", ("x",), "SELECT data @? %s AND (a) ? 'b'"),
        ("SELECT data ? 'a' AND id = %s", (1,), "SELECT data ? 'a' AND id = %s"),
        (
            "SELECT data -> 'x' ? 'a' AND id = :id",
            {"id": 1},
            "SELECT data -> 'x' ? 'a' AND id = %s",
        ),
        ("SELECT '{}'::jsonb ? :k", {"k": 1}, "SELECT '{}'::jsonb ? %s"),
        ("SELECT ?||'a', b || ?", ("x", "y"), "SELECT %s||'a', b || %s"),
        ("SELECT $$ ? $$, $a$ :b $$ ? $a$, ?", (1,), "SELECT $$ ? $$, $a$ :b $$ ? $a$, %s"),
        ("SELECT E'\\'?', '\\', ?", (1,), "SELECT E'\\'?', '\\', %s"),
        ("SELECT E'a'\n'\\'?', ?", (1,), "SELECT E'a'\n'\\'?', %s"),
        ("SELECT a LIKE'\\', ?", (1,), "SELECT a LIKE'\\', %s"),
        ("SELECT x$a$, ?, y$a$", (1,), "SELECT x$a$, %s, y$a$"),
        ('SELECT "a?", ? FROM t LIMIT ?', (1, 2), 'SELECT "a?", %s FROM t LIMIT %s'),
        ("SELECT 7 % 4, 5 %s, ?", (1,), "SELECT 7 %% 4, 5 %%s, %s"),
        ("SELECT f(a := 1), :a", {"a": 1}, "SELECT f(a := 1), %s"),
        ("SELECT %(a)s, '%(a)s'", {"a": 1}, "SELECT %s, '%%(a)s'"),
        ("CREATE ROLE a PASSWORD ?", ("x",), "CREATE ROLE a PASSWORD %s"),
        ("SELECT a[1] ? :a, a ?| array[:a]", {"a": 1}, "SELECT a[1] ? %s, a ?| array[%s]"),
        ("SELECT a[1:2], ?", (1,), "SELECT a[1:2], %s"),
    ],
)
def test_placeholders_are_told_from_signs(sql: str, parameters: object, sent: str):
    assert prepare(sql, parameters, False, POSTGRESQL_LEXER, "%s")[0] == sent


@pytest.mark.parametrize(
    ("sql", "without"),
    [
        ("SELECT 1 /* a /* b */ c */ + 2", "SELECT 1                   + 2"),
        ("SELECT '/*', 1 --*/ '\n, 2", "SELECT '/*', 1       \n, 2"),
        ("SELECT $$--$$, E'\\'--', x$$--$$", "SELECT $$--$$, E'\\'--', x$$    "),
        ("SELECT 1 /* open /* */", "SELECT 1              "),
    ],
)
def test_comments_are_blanks(sql: str, without: str):
    assert without_comments(sql) == without


@pytest.mark.parametrize(
    ("sql", "sent"),
    [
        ("SELECT Median(a)", "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a)"),
        (
            "SELECT percentile(f(a, b), 90) FILTER (WHERE c)",
            "SELECT percentile_cont(( 90) / 100.0) WITHIN GROUP (ORDER BY f(a, b))"
            " FILTER (WHERE c)",
        ),
        ("SELECT 'median(a)', s.median(a), median", "SELECT 'median(a)', s.median(a), median"),
        ("SELECT median(a", "SELECT median(a"),
    ],
)
def test_percentiles_are_written_as_postgresql_knows_them(sql: str, sent: str):
    assert with_percentiles(sql) == sent


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("WITH q AS (DELETE FROM items RETURNING 1) SELECT 1", "DELETE"),
        ("SELECT 1; SELECT 2", ";"),
        ("SELECT '\\'; DELETE FROM items -- '", ";"),
        ("SELECT E'a'\n'b\\''; SELECT 1", ";"),
        ("SELECT E'a' -- '\n'b\\''; SELECT 1", ";"),
        ("SELECT $a$'$a$; SELECT $a$'$a$", ";"),
        ("SELECT x$a$; SELECT 1", ";"),
        ("SELECT /* /* */ ' */ 1; SELECT '", ";"),
        ("SELECT 1 --\r; SELECT 1", ";"),
        ("SELECT * INTO made FROM items", "INTO"),
        ("SELECT * FROM items FOR NO KEY UPDATE", "FOR"),
        ("SELECT NextVal ('numbers')", "NEXTVAL"),
        ("SELECT \"nextval\"('numbers')", "NEXTVAL"),
        ("SELECT pg_catalog . nextval('numbers')", "NEXTVAL"),
        ("SELECT i.write_item FROM items i", "WRITE_ITEM"),
        ("SELECT U&\"next\\0076al\"('numbers')", 'U&"'),
        ("SELECT grÖße()", "GRÖSSE"),
        (f"SELECT {LONG}xyz()", LONG.upper()),
        ("SET work_mem = '8MB'; DELETE FROM items", ";"),
        ("SELECT 1\x00", "'\\x00'"),
        ("SELECT dblink_exec('x')", "DBLINK_EXEC"),
        ("SELECT * FROM crosstab('SELECT lo_create(0)')", "CROSSTAB"),
        ("SELECT query_to_xml('x')", "QUERY_TO_XML"),
        ("EXPLAIN (ANALYZE, COSTS off) CREATE TABLE made AS SELECT 1", "CREATE"),
        ("EXPLAIN ANALYZE VERBOSE EXECUTE made", "EXECUTE"),
        ("SET ROLE root", "SET ROLE ROOT"),
        ("SET LOCAL transaction_read_only = off", "SET LOCAL TRANSACTION_READ_ONLY = OFF"),
        ("SET SESSION AUTHORIZATION root", "SET SESSION AUTHORIZATION ROOT"),
        ("SET statement_timeout TO 0", "SET STATEMENT_TIMEOUT TO 0"),
        ("SET role TO root", "SET ROLE TO ROOT"),
        *[
            (f"{word} x", word)
            for word in "COPY DO CALL LISTEN NOTIFY LOCK PREPARE DECLARE FETCH RESET".split()
        ],
    ],
)
def test_statement_is_refused_for_its_word(sql: str, word: str):
    assert refused_on_postgresql(sql, ACTING) == word


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'INTO', $$; DELETE$$, E'\\'; nextval(', \"delete\", nextval FROM t -- ; DELETE",
        "SELECT /* /* ; */ ; */ substring('a' FROM 1 FOR 2), q.update FROM q;",
        "EXPLAIN (ANALYZE, FORMAT json) (SELECT 1)",
        "SET SESSION TIME ZONE 'UTC'",
        "SET search_path TO public, pg_catalog",
        "SHOW ALL",
        "SELECT random()",
        "(VALUES (1)) UNION TABLE items",
        "",
        " ; ",
    ],
)
def test_statement_that_reads_is_not_refused(sql: str):
    assert refused_on_postgresql(sql, ACTING) is None


def test_only_built_in_functions_are_harmless_by_their_name():
    named = ["random", "pg_database_size", "pg_stat_statements_reset", "uuid_generate_v4"]
    assert acting_functions([(name, 0) for name in named]) == {name.upper() for name in named[:3]}
    assert acting_functions([(name, 1) for name in named]) == {name.upper() for name in named[2:]}

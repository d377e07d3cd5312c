"""The tables keep their documented columns first and in order, and say what each column means."""

import pytest
from sqlalchemy import BigInteger, Table, UniqueConstraint, create_engine
from sqlalchemy.pool import NullPool

from schema.tables.ci import DOCUMENTED, PLACED, keys, metadata, of_kind
from tests.schema.reflected import collations

ALL = list(metadata.tables.values())
each_table = pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)

COLUMNS = {
    "repos": "Id name",
    "branches": "Id name author repo",
    "commits": "Id hash author message time repo",
    "workflows": "Id name url repo",
    "workflowruns": "Id gitid author runtime createtime starttime endtime queuetime status"
    " conclusion url branchname commithash workflowname repo os",
}
KEYS = {
    "repos": ("provider", "gitid"),
    "repoaliases": ("repoid", "name"),
    "branches": ("repoid", "name"),
    "commits": ("repoid", "hash"),
    "workflows": ("provider", "gitid"),
    "workflowruns": ("provider", "gitid"),
    "runattempts": ("provider", "rungitid", "attempt"),
    "jobs": ("provider", "gitid"),
    "deliveries": ("provider", "guid"),
}
KINDS = {"key", "state", "fixed", "place", "parent", "first", "last", "sticky", "derived", "own"}


def test_documented_tables_are_these_five():
    assert set(DOCUMENTED) == set(COLUMNS)


@pytest.mark.parametrize(("name", "columns"), COLUMNS.items(), ids=COLUMNS)
def test_documented_columns_come_first_and_in_order(name: str, columns: str):
    found = [column.name for column in metadata.tables[name].columns]
    assert found[: len(columns.split())] == columns.split()


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_that_are_no_key_may_be_left_out(name: str):
    table = metadata.tables[name]
    for column in table.columns:
        if column.name not in ("Id", *keys(table)):
            assert column.nullable or column.server_default is not None, column


@each_table
def test_every_column_has_a_meaning_and_a_known_kind(table: Table):
    assert table.comment
    for column in table.columns:
        assert column.comment, column
        assert column.info["kind"] in KINDS, column


@each_table
def test_only_unique_of_a_table_is_its_key(table: Table):
    uniques = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    assert [tuple(column.name for column in one.columns) for one in uniques] == [keys(table)]
    assert not any(index.unique for index in table.indexes)
    # Rows of earlier installations lack their keys until somebody claims them.
    assert all(table.c[name].nullable == (table.name in DOCUMENTED) for name in keys(table))


@pytest.mark.parametrize(("name", "key"), KEYS.items(), ids=KEYS)
def test_key_of_a_table_is_the_decided_one(name: str, key: tuple[str, ...]):
    assert keys(metadata.tables[name]) == key


@each_table
def test_ids_are_64_bits_wide(table: Table):
    for column in table.columns:
        if column.name in ("Id", "repoid") or column.name.endswith("gitid"):
            assert isinstance(column.type, BigInteger), column


@each_table
def test_table_whose_rows_have_states_has_versions(table: Table):
    if of_kind(table, "state"):
        assert not table.c.version.nullable


def test_tables_that_name_their_repository_are_rewritten_after_a_rename():
    named = {table.name for table in ALL if "repo" in of_kind(table, "place")}
    assert named == set(PLACED)


EXACT = {
    "branches": {"name", "headhash"},
    "commits": {"hash"},
    "workflowruns": {"branchname", "commithash", "provider"},
    "jobs": {"branchname", "commithash", "provider"},
    "deliveries": {"bodyhash", "guid", "provider", "state"},
    "repos": {"defaultbranch", "provider"},
}


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
def test_names_compare_byte_for_byte_and_other_text_without_case(engine_name: str, store_url: str):
    engine = create_engine(store_url, poolclass=NullPool)
    found = collations(engine)
    byte, caseless = {
        "mariadb": ("utf8mb4_nopad_bin", "uca1400_nopad_as_ci"),
        "mysql": ("utf8mb4_0900_bin", "utf8mb4_0900_as_ci"),
    }[engine_name]
    for name, exact in EXACT.items():
        for (table, column), collation in found.items():
            if table == name:
                expected = byte if column in exact else caseless
                assert collation in (expected, f"utf8mb4_{expected}"), (table, column)

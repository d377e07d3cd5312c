"""Rows whose column has one of many values, on every engine, whatever it knows of the table."""

import pytest
from sqlalchemy import Engine, insert, select

from engines import count_growing
from engines.bulk.listed import VALUES, for_each_of_array, rows_listed
from schema.tables.packages import packages, versions


def fill(engine: Engine) -> None:
    rows = [
        {"name": name, "import_id": name, "package_manager_id": 1, "manager": "shop"}
        for name in ("apple", "Apple", "pear ", "pear", *(f"p{at}" for at in range(1200)))
    ]
    with engine.begin() as connection:
        connection.execute(insert(packages), rows)
        connection.execute(insert(versions), [{"package_id": 2**40, "version": "1"}])


def test_each_value_finds_its_own_rows_byte_for_byte(engine: Engine):
    fill(engine)
    query = select(packages.c.import_id, packages.c.import_id, packages.c.name)
    with engine.connect() as connection:

        def names(*values: str) -> list[str]:
            found = rows_listed(connection, query, packages.c.import_id, values)
            return sorted(row[0] for row in found if row[0] == row[1] == row[2])

        assert names() == []
        assert names("apple", "pear", "never") == ["apple", "pear"]
        assert len(names(*(f"p{at}" for at in range(1500)))) == 1200
        owners = rows_listed(connection, select(versions.c.version), versions.c.package_id, {2**40})
        assert [tuple(row) for row in owners] == [("1",)]
        fewer = query.where(packages.c.manager != "shop")
        assert not [*rows_listed(connection, fewer, packages.c.import_id, ["apple"])]


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_postgresql_steps_down_the_index_that_tells_a_value(engine: Engine):
    fill(engine)
    count_growing(engine, [packages])
    query = select(packages.c.Id).where(packages.c.package_manager_id == 1)
    listed = for_each_of_array(query, packages.c.import_id)
    values = {VALUES: "ARRAY['apple', 'pear']", "package_manager_id_1": "1", "param_1": "0"}
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN {str(listed.compile(engine)) % values}")
        text = "\n".join(plan.scalars())
    assert "uq_packages" in text
    assert "import_id" in text.partition("Index Cond")[2].partition("\n")[0]

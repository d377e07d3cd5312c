"""What GitLab's fields are said to fill are columns that there are."""

from schema.gitlab_column_sources import GITLAB_SOURCES
from schema.tables.ci import metadata


def test_columns_of_gitlab_are_there():
    named = {(table, column) for table, columns in GITLAB_SOURCES.items() for column in columns}
    there = {(table.name, one.name) for table in metadata.tables.values() for one in table.columns}
    assert named <= there

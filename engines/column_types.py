"""Column types that mean the same on every engine.

Every text names its collation, because the engines' defaults differ and merge branches: `Main`
with `main`, `a` with `a `, `é` with `e`.
"""

from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, LargeBinary, String, types
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import quoted_name
from sqlalchemy.sql.functions import FunctionElement

ID = quoted_name("Id", quote=False)
"""The name of every table's number: PostgreSQL finds a quoted one by no `SELECT Id`."""
INDEXED = 512
"""Characters of an indexed name: 768 with a bigint beside it breaks MySQL's key limit."""

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "sqlite_autoincrement": True,
}
"""What every table is made with."""

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""BIGINT; INTEGER on SQLite, where only that counts up by itself."""

Moment = DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
"""UTC without zone, to the microsecond."""

Version = LargeBinary().with_variant(mysql.VARBINARY(32), "mysql", "mariadb")
"""The version of a record: bytes that compare as bytes."""

Bytes = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


class Exact(types.UserDefinedType[str]):
    """Text of at most `length` characters that compares byte for byte."""

    cache_ok = True

    def __init__(self, length: int = INDEXED) -> None:
        self.length = length

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.length})"

    def get_col_spec(self, **_: Any) -> str:
        return f"VARCHAR({self.length})"


class Name(Exact):
    """Text of at most `length` characters that compares without case."""

    cache_ok = True


class Long(types.UserDefinedType[str]):
    """Text of any length that compares without case."""

    cache_ok = True

    def __repr__(self) -> str:
        return "Long()"

    def get_col_spec(self, **_: Any) -> str:
        return "LONGTEXT"


EXACT = {"sqlite": "BINARY", "mysql": "utf8mb4_0900_bin", "mariadb": "utf8mb4_nopad_bin"}
CASELESS = {
    "sqlite": "NOCASE",
    "mysql": "utf8mb4_0900_as_ci",
    "mariadb": "utf8mb4_uca1400_nopad_as_ci",
}
"""Collations by engine."""


@compiles(Exact)
@compiles(Name)
@compiles(Long)
def spell(type_: Exact | Long, compiler: Any, **_: Any) -> str:
    """Return how an engine spells a type, with its collation."""
    dialect = compiler.dialect
    engine = "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name
    if engine == "postgresql":  # citext keeps no length: store/write/upsert.py looks at it
        return f'{type_.get_col_spec()} COLLATE "C"' if type(type_) is Exact else "CITEXT"
    collation = (EXACT if type(type_) is Exact else CASELESS)[engine]
    if engine == "sqlite":
        return f"{type_.get_col_spec().replace('LONGTEXT', 'TEXT')} COLLATE {collation}"
    return f"{type_.get_col_spec()} CHARACTER SET utf8mb4 COLLATE {collation}"


class exact(FunctionElement[str]):  # noqa: N801 - as func.lower is written
    """A text that compares without case, byte for byte: what a vendor names so is told apart."""

    type = String()
    inherit_cache = True


@compiles(exact)
def spell_exact(element: exact, compiler: Any, **more: Any) -> str:
    """Return how an engine spells it."""
    dialect, text = compiler.dialect, compiler.process(element.clauses, **more)
    engine = "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name
    if engine == "postgresql":
        return f'CAST({text} AS TEXT) COLLATE "C"'
    if engine == "mariadb":  # which knows no other form again in GROUP BY, and this one once
        return f"CAST({text} AS CHAR CHARACTER SET utf8mb4 COLLATE {EXACT[engine]})"
    return f"{text} COLLATE {EXACT[engine]}"

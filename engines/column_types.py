"""Column types that mean the same on every engine.

Every text names its collation, because the engines' defaults differ and merge branches: `Main`
with `main`, `a` with `a `, `é` with `e`. How each engine spells them stands at the end.
"""

from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, LargeBinary, types
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles

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


@compiles(Exact, "sqlite")
def sqlite_exact(type_: Exact, _: Any, **__: Any) -> str:
    return f"{type_.get_col_spec()} COLLATE BINARY"


@compiles(Name, "sqlite")
def sqlite_name(type_: Name, _: Any, **__: Any) -> str:
    return f"{type_.get_col_spec()} COLLATE NOCASE"


@compiles(Long, "sqlite")
def sqlite_long(_: Long, __: Any, **___: Any) -> str:
    return "TEXT COLLATE NOCASE"


EXACT = {True: "utf8mb4_nopad_bin", False: "utf8mb4_0900_bin"}
CASELESS = {True: "utf8mb4_uca1400_nopad_as_ci", False: "utf8mb4_0900_as_ci"}
"""MariaDB and MySQL name collations apart."""


def collated(spec: str, collations: dict[bool, str], compiler: Any) -> str:
    """Return the type with its character set and collation."""
    return f"{spec} CHARACTER SET utf8mb4 COLLATE {collations[compiler.dialect.is_mariadb]}"


@compiles(Exact, "mysql")
@compiles(Exact, "mariadb")
def mysql_exact(type_: Exact, compiler: Any, **_: Any) -> str:
    return collated(type_.get_col_spec(), EXACT, compiler)


@compiles(Name, "mysql")
@compiles(Name, "mariadb")
def mysql_name(type_: Name, compiler: Any, **_: Any) -> str:
    return collated(type_.get_col_spec(), CASELESS, compiler)


@compiles(Long, "mysql")
@compiles(Long, "mariadb")
def mysql_long(_: Long, compiler: Any, **__: Any) -> str:
    return collated("LONGTEXT", CASELESS, compiler)

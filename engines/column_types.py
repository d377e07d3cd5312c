"""Column types that mean the same on SQLite, MariaDB and MySQL.

Every text names its character set and collation, because the servers' defaults differ and
merge branches: `Main` with `main`, `a` with `a `, `é` with `e`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, LargeBinary, types
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles

INDEXED = 512
"""Characters of an indexed name: 768 with a bigint beside it breaks MySQL's key limit."""

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


EXACT = {True: "utf8mb4_nopad_bin", False: "utf8mb4_0900_bin"}
CASELESS = {True: "utf8mb4_uca1400_nopad_as_ci", False: "utf8mb4_0900_as_ci"}


def collated(spec: str, collations: dict[bool, str], compiler: Any) -> str:
    """Return the type with its character set and collation: MariaDB and MySQL name them apart."""
    return f"{spec} CHARACTER SET utf8mb4 COLLATE {collations[compiler.dialect.is_mariadb]}"


@compiles(Exact, "mysql")
@compiles(Exact, "mariadb")
def exact_mysql(type_: Exact, compiler: Any, **_: Any) -> str:
    return collated(type_.get_col_spec(), EXACT, compiler)


@compiles(Exact, "sqlite")
def exact_sqlite(type_: Exact, compiler: Any, **_: Any) -> str:
    return f"{type_.get_col_spec()} COLLATE BINARY"


@compiles(Name, "mysql")
@compiles(Name, "mariadb")
def name_mysql(type_: Name, compiler: Any, **_: Any) -> str:
    return collated(type_.get_col_spec(), CASELESS, compiler)


@compiles(Name, "sqlite")
def name_sqlite(type_: Name, compiler: Any, **_: Any) -> str:
    return f"{type_.get_col_spec()} COLLATE NOCASE"


@compiles(Long, "mysql")
@compiles(Long, "mariadb")
def long_mysql(type_: Long, compiler: Any, **_: Any) -> str:
    return collated("LONGTEXT", CASELESS, compiler)


@compiles(Long, "sqlite")
def long_sqlite(type_: Long, compiler: Any, **_: Any) -> str:
    return "TEXT COLLATE NOCASE"

"""Random SELECTs, each with the row it gives: the answer is known from how it was put together."""

from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

# Everything that begins, ends or looks like a string, an identifier, a comment or a placeholder.
TEXTS = st.text("?:%s()n'\"`#-/*\\[]; a\U0001f600", max_size=8)
VALUES = st.integers(-(2**63), 2**63 - 1) | TEXTS

MARKS = {"sqlite": '"`[', "mysql": "`", "postgresql": '"'}
WAYS: tuple[Callable[[str], str], ...] = (  # to write a text in PostgreSQL
    lambda text: "'" + text.replace("'", "''") + "'",
    lambda text: "E'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'",
    lambda text: f"$a_1${text}$a_1$",
    lambda text: "'" + text.replace("'", "''") + "'::text",
)


class Statement(NamedTuple):
    """A SELECT of one row, its parameters, the row, and the names of its columns from `AS`."""

    sql: str
    parameters: Any
    row: tuple[Any, ...]
    names: dict[int, str]


class Column(NamedTuple):
    """One column's SQL, its value, the parameter it takes if any, and its name if it has one."""

    sql: str
    value: Any
    parameter: Any = None
    has_parameter: bool = False
    name: str | None = None


@st.composite
def statements(draw: Callable[..., Any], dialect: str, style: str) -> Statement:
    """Put a SELECT together; `style` is the placeholders', or `none`."""
    kinds = [literal, named_column, modulo] + ([] if style == "none" else [placeholder])
    if style in ("?", ":name"):
        kinds.append(modulo_that_looks_like_a_placeholder)
    makers = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=6))
    columns = [draw(make(dialect, style, number)) for number, make in enumerate(makers)]
    sql = "SELECT"
    for number, column in enumerate(columns):
        sql += f"{',' if number else ''}{draw(gaps(dialect))}{column.sql}{draw(gaps(dialect))}"
    sql += "FROM (SELECT 4 AS s) AS q" + draw(gaps(dialect))
    given = [column.parameter for column in columns if column.has_parameter]
    if style in (":name", "%(name)s"):
        names = [f"n{number}" for number, column in enumerate(columns) if column.has_parameter]
        parameters: Any = dict(zip(names, given, strict=True))
    else:
        parameters = given
    named = {number: column.name for number, column in enumerate(columns) if column.name}
    return Statement(sql, parameters, tuple(column.value for column in columns), named)


def gaps(dialect: str) -> st.SearchStrategy[str]:
    """White space: blanks and comments, which may hold anything but their own end."""
    block = TEXTS.map(lambda text: "/* " + text.replace("*/", "").rstrip("*") + "*/")
    if dialect == "postgresql":  # whose comments nest
        block = TEXTS.map(lambda text: f"/* {no_comment(text)} /* ' */ {no_comment(text)} */")
    line = TEXTS.map(lambda text: f"-- {text}\n")
    kinds = [st.sampled_from([" ", "\n", "\t "]), block, line]
    if dialect == "mysql":
        kinds.append(TEXTS.map(lambda text: f"#{text}\n"))
    else:
        kinds.append(TEXTS.map(lambda text: f"--{text}\n"))
    return st.lists(st.one_of(kinds), max_size=3).map(lambda parts: " " + "".join(parts) + " ")


def no_comment(text: str) -> str:
    return text.replace("/", "").rstrip("*")


def quoted(text: str, mark: str, dialect: str) -> str:
    """Write a text between quotes, which are doubled inside; MySQL's strings double `\\` too."""
    if dialect == "mysql" and mark in "'\"":
        text = text.replace("\\", "\\\\")
    return mark + text.replace(mark, mark * 2) + mark


def literal(dialect: str, style: str, number: int) -> st.SearchStrategy[Column]:
    if dialect == "postgresql":
        return st.builds(
            lambda text, write: Column(write(text), text), TEXTS, st.sampled_from(WAYS)
        )
    marks = "'\"" if dialect == "mysql" else "'"
    return st.builds(
        lambda text, mark: Column(quoted(text, mark, dialect), text), TEXTS, st.sampled_from(marks)
    )


def named_column(dialect: str, style: str, number: int) -> st.SearchStrategy[Column]:
    def build(text: str, mark: str) -> Column:
        name = f"a{text}z".replace("\U0001f600", "é")  # MariaDB's names have no 4-byte letters
        if mark == "[":
            name = name.replace("]", "")
            return Column(f"{number} AS [{name}]", number, name=name)
        return Column(f"{number} AS {quoted(name, mark, dialect)}", number, name=name)

    return st.builds(build, TEXTS, st.sampled_from(MARKS[dialect]))


def modulo(dialect: str, style: str, number: int) -> st.SearchStrategy[Column]:
    spellings = st.sampled_from(["17%5", "17 % 5", "17 %5", "17% 5", "17%(5)", "17%/* ? */5"])
    return spellings.map(lambda sql: Column(sql, 2))


def modulo_that_looks_like_a_placeholder(
    dialect: str, style: str, number: int
) -> st.SearchStrategy[Column]:
    return st.sampled_from(["19 %s", "19%s", "19%(s)s"]).map(lambda sql: Column(sql, 3))


def placeholder(dialect: str, style: str, number: int) -> st.SearchStrategy[Column]:
    mark = style.replace("name", f"n{number}")
    return VALUES.map(lambda value: Column(mark, value, value, True))

"""Find the text of a setting: in the environment, else in `.env`, or in the file of X_FILE."""

import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from dotenv.parser import parse_stream

# An empty WEBHOOK_SECRET is a mistake (a variable that was never filled), not a wish for none.
NEVER_EMPTY = frozenset({"WEBHOOK_SECRET", "GITLAB_WEBHOOK_SECRET"})


class BadSetting(ValueError):
    """A setting that stops the start; the text names it and says why."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name


def read_dotenv(path: Path) -> dict[str, str]:
    """Return the variables of a `.env` file, which need not exist. Raises BadSetting.

    `$NAME` stays as it is written: passwords hold dollar signs.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(path.name, f"cannot be read ({reason_of(error)})") from error
    variables: dict[str, str] = {}
    for line in parse_stream(io.StringIO(text)):
        if line.error or (line.key is not None and line.value is None):
            raise BadSetting(path.name, f"line {line.original.line} is not NAME=value")
        if line.key is not None and line.value is not None:
            variables[line.key] = line.value
    return variables


def find_text(name: str, layers: Iterable[Mapping[str, str]], folder: Path) -> str | None:
    """Return the text of the first layer that has `name` or `name_FILE`, or None."""
    for layer in layers:
        text, file = layer.get(name), layer.get(f"{name}_FILE")
        if text and file:
            raise BadSetting(name, f"is given, and {name}_FILE too: keep one")
        if file:
            return read_file(name, folder / file)
        if text or (text is not None and name in NEVER_EMPTY):
            return text
    return None


def read_file(name: str, path: Path) -> str:
    """Return what a file holds, without the newline at its end. Raises BadSetting."""
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{name}_FILE", f"{path} cannot be read ({reason_of(error)})") from error


def reason_of(error: OSError | UnicodeDecodeError) -> str:
    """Return the reason alone, without a path or a byte of the file."""
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8 text"
    return error.strerror or type(error).__name__

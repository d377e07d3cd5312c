"""A command prints the password; when it does not, its words stay where they were."""

import shlex
import sys

import pytest

from engines import deadline
from engines.password_command import CommandFailed, password


def python(program: str) -> str:
    """Return a command line that runs a program."""
    return shlex.join([sys.executable, "-c", program])


def test_password_is_what_the_command_prints_without_its_newline():
    assert password(python("print(' two words ')")) == " two words "


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (python("print('hunter22'); raise SystemExit(3)"), "ended with 3"),
        (python("pass"), "printed nothing"),
        ("/nowhere/at/all", "No such file or directory"),
    ],
)
def test_command_without_a_password_says_why(command: str, why: str):
    with pytest.raises(CommandFailed) as raised:
        password(command)
    assert str(raised.value) == f"DATABASE_PASSWORD_COMMAND {why}"


def test_command_that_hangs_takes_no_longer_than_the_request():
    with deadline.within(0.3), pytest.raises(CommandFailed, match="took too long"):
        password(python("import time; time.sleep(60)"))


def test_shell_characters_are_no_more_than_characters():
    assert password(f"{python('import sys; print(sys.argv[1])')} '$HOME;id'") == "$HOME;id"

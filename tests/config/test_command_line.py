"""What every command's line has in common."""

from pathlib import Path

import pytest

from config import command_line
from config.command_line import CommandLine, read_settings
from config.settings import BadSetting


@pytest.fixture
def line() -> CommandLine:
    """Make a command line with the flags that many commands have."""
    made = CommandLine("command", "Do it.")
    made.add_repos("which")
    made.add_key("a token")
    made.add_password()
    return made


def test_flags_are_read_by_the_names_of_the_settings(line: CommandLine):
    words = ["-r", "a/b", "--repo", "c", "-k", "ghp_x", "-pwd", "p w"]
    assert line.read(words) == {
        "repos": ["a/b", "c"],
        "key": "ghp_x",
        "database_password": "p w",
    }
    assert line.read(["-pwd=-x"])["database_password"] == "-x"
    assert set(line.read([]).values()) == {None}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["-pwdhunter22"], "-pwd: a password is a word of its own: -pwd PASSWORD or -pwd=-x"),
        (
            ["hunter22", "22"],
            "usage: 2 unknown arguments, not repeated: it may be of a password (see --help)",
        ),
        (
            ["--repos", "hunter22"],
            "usage: unknown option --repos, did you mean --repo? (see --help)",
        ),
        (["--repos=hunter22"], "usage: unknown option --repos, did you mean --repo? (see --help)"),
        (
            ["--Hunter22"],
            "usage: 1 unknown argument, not repeated: it may be of a password (see --help)",
        ),
        (["-k"], "usage: argument -k/--key: expected one argument (see --help)"),
    ],
)
def test_wrong_words_are_one_line_that_repeats_none(line: CommandLine, words: list[str], why: str):
    with pytest.raises(BadSetting) as bad:
        line.read(words)
    assert str(bad.value) == why


@pytest.mark.parametrize("word", ["", " "])
def test_flag_whose_value_is_empty_is_not_as_if_it_were_not_there(line: CommandLine, word: str):
    line.add_argument("-o", "--only", metavar="NAME", help="which")
    with pytest.raises(BadSetting, match=r"^--only: is empty$"):
        line.read(["-o", word])
    assert line.read(["-pwd", word])["database_password"] == word  # a password may be


def test_settings_are_read_and_their_secrets_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    hidden: list[tuple[str, ...]] = []
    monkeypatch.setattr(command_line.own_argv, "hide_secrets", hidden.append)
    assert read_settings({"key": "ghp_x"}, "https://chat.example.org/x").source.token == "ghp_x"
    assert set(hidden[0]) == {"ghp_x", "https://chat.example.org/x"}

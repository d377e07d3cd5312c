"""Secrets vanish from the command line of a running process."""

import subprocess
import sys
from pathlib import Path

import pytest

from config.argv import star

ROOT = Path(__file__).resolve().parent.parent.parent
HIDER = """
import sys
from config import argv
argv.hide_secrets(sys.argv[2:])
print(open("/proc/self/cmdline").read().split("\\0")[3:-1], sys.argv[1])
"""


def test_secrets_are_starred_in_proc_but_not_in_argv():
    done = subprocess.run(
        [sys.executable, "-c", HIDER, "-pwd=p wörd", "p wörd", "KEY"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "['-pwd=*******', '*******', '***'] -pwd=p wörd\n"


@pytest.mark.parametrize(
    ("words", "secret", "shown"),
    [
        (b"python\0-pwd\0abc\0-p\0005000\0", b"abc", b"python\0-pwd\0***\0-p\0005000\0"),
        (b"python\0-pwd=abc\0", b"abc", b"python\0-pwd=***\0"),
        (b"python\0--password=abc\0", b"abc", b"python\0--password=***\0"),
        (b"python\0-r\0abc/abc\0-k\0abc\0", b"abc", b"python\0-r\0abc/abc\0-k\0***\0"),
        (b"python\0-pwd\0p\0", b"p", b"python\0-pwd\0*\0"),
        (b"python\0abcd\0", b"abc", b"python\0abcd\0"),
    ],
)
def test_only_whole_values_are_star(words: bytes, secret: bytes, shown: bytes):
    assert star(words, secret) == shown

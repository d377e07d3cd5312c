"""The parser that every command reads its flags with."""

from __future__ import annotations

import argparse
from typing import NoReturn

from config.settings import BadSetting


class Flags(argparse.ArgumentParser):
    """A parser whose errors are one line, without the words that were typed."""

    def error(self, message: str) -> NoReturn:
        """Raise BadSetting: the commands say it in one line, and end with exit code 2."""
        raise BadSetting("usage", f"{message} (see --help)")

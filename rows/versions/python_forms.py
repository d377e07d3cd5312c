"""What pip, uv, poetry, conda and mamba print of packages; names are folded as PyPI does.

https://packaging.python.org/specifications/binary-distribution-format
"""

from functools import partial

from rows.versions.form import fold, form

pypi = partial(form, "pip", spell=fold)

SUCCESSFULLY = "Successfully installed "
INSTALLED = pypi(r"(?<= )NAME-(?P<version>\d[\w.+!]{0,127})(?= |$)")
"""Each of what follows SUCCESSFULLY."""
SATISFIED = pypi(
    r"\s{0,40}Requirement already (?:satisfied|up-to-date): NAME(?=[\[<>=!~;@ (])[^()]{1,2000}"
    r"(?: \(from .{1,2000})? \(VERSION\)$"
)
WHEEL = pypi(
    r"\s{0,40}(?:Downloading|Using cached) (?:\S{1,2000}/)?(?P<name>[A-Za-z0-9][\w.]{0,199})"
    r"-(?P<version>\d[\w.+!]{0,127})(?:-\d\w{0,50})?-[\w.]{1,99}-\w{1,99}-[\w.]{1,199}\.whl(?: |$)"
)
FROZEN = pypi(r"NAME==VERSION$")
UV = pypi(r"\s{1,9}[+~] NAME==VERSION(?: \(.{1,500}\))?$")
POETRY = pypi(
    r"\s{0,9}[-•] (?:Installing|Updating|Downgrading) NAME"
    r" \((?:\d[\w.+!-]{0,127} -> )?VERSION(?: [0-9a-f]{7,40})?\)(?::.{0,200})?$"
)
CONDA_ROW = form(
    "conda",
    r"\s{0,9}(?:[+~] {1,9})?NAME {1,99}VERSION {1,99}"
    r"(?:\w{0,99}_\w{0,20}|\d{1,9}(?= {1,99}(?:conda-forge|defaults|anaconda|bioconda|pkgs/)))"
    r" {1,99}(?!pypi$)[a-z][\w./-]{0,99}(?: {1,99}(?:Cached|\d{1,9}\w{0,2}))?$",
)
CONDA_PYPI = pypi(r"NAME {1,99}VERSION {1,99}pypi_\d {1,99}pypi$")
CONDA_PLAN = form(
    "conda",
    r"\s{0,9}NAME {1,99}(?:[\w./-]{1,99}::\S{1,400} {1,9}--> {1,9})?[\w./-]{1,99}"
    r"/(?:noarch|(?:linux|osx|win)-\w{1,20})::(?P=name)-(?P<version>[\w.!+~]{1,128})-[\w.]{1,128}$",
)

BY_WORD = {
    "Requirement": (SATISFIED,),
    "Downloading": (WHEEL,),
    "Using": (WHEEL,),
    "+": (UV, CONDA_ROW),
    "~": (UV, CONDA_ROW),
    "-": (POETRY,),
    "•": (POETRY,),
}

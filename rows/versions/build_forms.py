"""What the package managers and build tools of other languages print, and system's ones."""

from rows.versions.form import coordinates, form

GO = form(
    "go",
    r"go: (?:downloading|added) (?P<name>[\w.~-]{1,99}\.[\w.~-]{1,99}(?:/[\w.~-]{1,99}){0,20})"
    r" (?P<version>v\d[\w.+-]{0,126})$",
)
GO_ITSELF = form("tool", r"go: downloading go(?P<version>\d[\w.]{0,99}) \(", "go")
CARGO = form(
    "cargo",
    r"\s{0,12}(?:Compiling|Checking|Downloaded|Adding|Fresh|Installing|Downgrading|Updating|"
    r"Upgrading|Locking) NAME (?:v\d[\w.+-]{0,127} -> )?vVERSION(?: \(.{1,1000}\))?$",
)
JULIA = form(
    "julia",
    r"\s{0,9}(?:[⌃⌅] )?(?:\[[0-9a-f]{8}\] (?:[⌃⌅] )?(?:[+~↑↓] )?|[+~↑↓] (?=[A-Z]))"
    r"(?P<name>[A-Za-z]\w{0,199}) (?:v\d[\w.+-]{0,127}(?: `.{1,500}`)? ⇒ )?vVERSION"
    r"(?: `.{1,500}`)?$",
)
JULIA_INSTALLED = form(
    "julia", r"\s{0,9}Installed (?P<name>[A-Za-z]\w{0,199}) ?[─. -]{1,99} ?vVERSION$"
)
APT = form(
    "apt",
    r"Setting up (?P<name>[a-z0-9][a-z0-9+.-]{0,199})(?::[a-z0-9-]{1,20})?"
    r" \((?P<version>[0-9A-Za-z][\w.+~:-]{0,127})\) ?\.{3}",
)
GEM = form(
    "gem",
    r"(?:Installing|Using) NAME (?P<version>\d[\w.]{0,127})"
    r"(?: \((?:was .{1,99}|[\w.-]{1,60})\))?(?: with native extensions| from .{1,500})?$",
)
COMPOSER = form(
    "composer",
    r"\s{0,9}- (?:Installing|Upgrading|Updating|Downgrading|Locking)"
    r" (?P<name>[a-z0-9][\w.-]{0,99}/[a-z0-9][\w.-]{0,99})"
    r" \((?:[^()\s]{1,128} =?-?> )?(?P<version>(?:v?\d|dev-)[\w.+/-]{0,120})(?: [0-9a-f]{7,40})?\)"
    r"(?::.{0,200})?$",
)
CRAN = form(
    "cran",
    r"trying URL '[^']{1,1000}/(?P<name>[A-Za-z][\w.]{0,199})_(?P<version>\d[\w.-]{0,120}?)"
    r"\.(?:tar\.gz|zip|tgz)'$",
)
BREW = form(
    "brew",
    r"==> Pouring (?P<name>[\w.@+-]{1,200}?)--(?P<version>[\w.+,~-]{1,128}?)"
    r"\.(?:\w{1,40}\.)?bottle(?:\.\d{1,4})?\.tar\.gz$",
)
MAVEN = form(
    "maven",
    r"(?:\[INFO\] )?(?:Downloaded(?: from [^\s:]{1,99})?:|Download) https?://[^/\s]{1,255}/"
    r"(?:(?:maven2?|m2|public|releases)/|(?:[\w.-]{1,99}/){0,3}?(?:repository|artifactory"
    r"|content/groups|content/repositories)/[\w.-]{1,99}/)?"
    r"(?P<name>(?:[\w.-]{1,99}/){1,20}(?P<artifact>[\w.-]{1,150}))/(?P<version>[\w.+-]{1,128})/"
    r"(?P=artifact)-(?P=version)[\w.-]{0,99}\.(?:jar|aar|war|klib)(?: |$)",
    spell=coordinates,
)
NPM_TREE = form(
    "npm",
    r"[│|` +]{0,99}[├└+`][─-]{1,2}[┬─-]{0,2} (?P<name>(?:@[\w.~-]{1,99}/)?[\w.~-]{1,100})"
    r"@VERSION(?: (?:deduped|overridden|extraneous|invalid).{0,500}| -> .{1,500})?$",
)
NPM_DEPRECATED = form(
    "npm",
    r"npm (?:warn|WARN) deprecated (?P<name>(?:@[\w.~-]{1,99}/)?[\w.~-]{1,100})@VERSION(?:: |$)",
)
TOOL = form(
    "tool",
    r"(?P<name>[A-Za-z]{2,9})(?: version)? (?:go)?(?P<version>\d{1,9}\.\d[\w.+-]{0,99})"
    r"(?: \(.{1,200}\)| (?:linux|darwin|windows)/\w{1,20})?$",
    spell=str.lower,
)
FETCHED = form("gem", r"Fetching NAME-(?P<version>\d[\w.]{0,127})\.gem$")
DIGEST = form("docker", r"\s{0,9}(?:[\w.-]{1,99}: )?Digest: (?P<version>sha256:[0-9a-f]{64})$")
IMAGE = form(
    "docker",
    r"\s{0,9}Status: (?:Downloaded newer image for|Image is up to date for)"
    r" (?P<name>[\w./:@-]{1,200})$",
)
BUILT_FROM = form(
    "docker",
    r"#\d{1,4} \[.{1,99}\] FROM (?P<name>[\w./:-]{1,200})@(?P<version>sha256:[0-9a-f]{64})$",
)

TREES = ("├──", "├─┬", "└──", "└─┬", "│", "|", "+--", "+-", "`--", "`-")
CARGO_WORDS = ("Compiling", "Checking", "Downloaded", "Adding", "Fresh", "Upgrading", "Locking")

BY_WORD = {
    "go:": (GO, GO_ITSELF),
    **dict.fromkeys(CARGO_WORDS, (CARGO,)),
    "Downloaded": (CARGO, MAVEN),
    "Installing": (CARGO, GEM),
    "Updating": (CARGO,),
    "Downgrading": (CARGO,),
    "Using": (GEM,),
    "Installed": (JULIA_INSTALLED,),
    **dict.fromkeys(("+", "~", "↑", "↓", "⌃", "⌅"), (JULIA,)),
    "Fetching": (FETCHED,),
    "Setting": (APT,),
    "-": (COMPOSER,),
    "trying": (CRAN,),
    "==>": (BREW,),
    "[INFO]": (MAVEN,),
    "Download": (MAVEN,),
    **dict.fromkeys(TREES, (NPM_TREE,)),
    "npm": (NPM_DEPRECATED,),
    **dict.fromkeys(("Python", "git", "go", "rustc", "cargo", "cmake", "ruby", "julia"), (TOOL,)),
}

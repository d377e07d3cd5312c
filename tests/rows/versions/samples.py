"""Lines that list versions, one form after the other, and what each says: written by hand."""

SHA = "11bd71901bbe5b1630ceea73d27597364c9af683"
DIGEST = "sha256:" + 16 * "0a1b"

SAMPLES = [
    # pip, uv, poetry: one kind, the names as PyPI folds them.
    (
        "Successfully installed a-1.0 b-c-2.1 D_e-1.0.post1",
        "pip a 1.0, pip b-c 2.1, pip d-e 1.0.post1",
    ),
    ("Successfully installed zope.interface-5.4", "pip zope-interface 5.4"),
    ("Requirement already satisfied: a>=1 in /x (1.0)", "pip a 1.0"),
    (
        "Requirement already satisfied: A_b<3,>=1 in /x (from c->-r r.txt (line 1)) (1.2)",
        "pip a-b 1.2",
    ),
    ("Requirement already satisfied: pip in /opt/x y/lib (23.0)", "pip pip 23.0"),
    ("  Downloading a_b-1.0-py3-none-any.whl (12 kB)", "pip a-b 1.0"),
    ("  Downloading https://h/p/a-1.0-cp311-cp311-linux_x86_64.whl (1 MB)", "pip a 1.0"),
    ("  Using cached a-1.0-py2.py3-none-any.whl", "pip a 1.0"),
    ("a==1.0", "pip a 1.0"),
    ("Foo.Bar==2024.1+cu121", "pip foo-bar 2024.1+cu121"),
    (" + a==1.0", "pip a 1.0"),
    (" ~ a==1.0 (from file:///w/a)", "pip a 1.0"),
    ("  - Installing a (1.0)", "pip a 1.0"),
    ("  • Updating a (1.0 -> 1.1)", "pip a 1.1"),
    # conda, mamba
    ("numpy      1.26.0   py311h64a7726_0   conda-forge", "conda numpy 1.26.0"),
    ("ca-certs  2023.7.22   0   pkgs/main", "conda ca-certs 2023.7.22"),
    ("  + libz   1.2.13  hd590300_5   conda-forge     62kB", "conda libz 1.2.13"),
    ("a_b   2.31.0   pypi_0   pypi", "pip a-b 2.31.0"),
    ("  a  pkgs/main/linux-64::a-1.0-h123_0", "conda a 1.0"),
    ("  a  x/linux-64::a-1.0-h1_0 --> conda-forge/noarch::a-1.1-h1_0", "conda a 1.1"),
    # go, cargo, Julia
    ("go: downloading example.org/m v1.2.3", "go example.org/m v1.2.3"),
    (
        "go: added example.org/m/v2 v2.0.0-20240101-abcdef",
        "go example.org/m/v2 v2.0.0-20240101-abcdef",
    ),
    ("go: downloading go1.24.2 (linux/amd64)", "tool go 1.24.2"),
    ("   Compiling a v1.0", "cargo a 1.0"),
    ("   Compiling a-b_c v0.1.0-rc.1 (/w/a)", "cargo a-b_c 0.1.0-rc.1"),
    ("  Downloaded a v1.0", "cargo a 1.0"),
    ("      Adding a v1.0 (available: v2.0)", "cargo a 1.0"),
    ("    Updating a v1.0 -> v1.1", "cargo a 1.1"),
    ("  [1a2b3c4d] Name v1.2.3", "julia Name 1.2.3"),
    ("  [1a2b3c4d] + Name v1.2.3+0", "julia Name 1.2.3+0"),
    ("⌅ [1a2b3c4d] ↑ Name v1.0.0 ⇒ v1.1.0", "julia Name 1.1.0"),
    ("+ Name v1.2.3", "julia Name 1.2.3"),
    ("↑ Name v1.0 ⇒ v1.1", "julia Name 1.1"),
    ("   Installed Name ── v1.2.3", "julia Name 1.2.3"),
    # systems and other languages
    ("Setting up a:amd64 (1.0-1) ...", "apt a 1.0-1"),
    ("Setting up a+b (1:2.3~rc1-1ubuntu2) ...", "apt a+b 1:2.3~rc1-1ubuntu2"),
    ("Installing a 1.0", "gem a 1.0"),
    ("Installing a-b 1.0 with native extensions", "gem a-b 1.0"),
    ("Using a 1.0 (x86_64-linux)", "gem a 1.0"),
    ("  - Installing v/p (1.0)", "composer v/p 1.0"),
    ("  - Upgrading v/p (v1.0 => v1.1): Extracting archive", "composer v/p v1.1"),
    ("trying URL 'https://cran.example/src/contrib/a_1.0-2.tar.gz'", "cran a 1.0-2"),
    ("==> Pouring a--1.0.x86_64_linux.bottle.tar.gz", "brew a 1.0"),
    ("==> Pouring b@3--3.1.4.ventura.bottle.1.tar.gz", "brew b@3 3.1.4"),
    (
        "Downloaded from central: https://h/maven2/g/r/a/1.0/a-1.0.jar (3 kB at 1 MB/s)",
        "maven g.r:a 1.0",
    ),
    ("[INFO] Downloaded from x: https://h/nexus/repository/p/g/a/1.0/a-1.0-t.jar", "maven g:a 1.0"),
    ("Download https://h/maven2/org/apache/maven/a/1.0/a-1.0.jar", "maven org.apache.maven:a 1.0"),
    ("├── a@1.0.1", "npm a 1.0.1"),
    ("│ └─┬ @s/a@1.0.0-beta.1 deduped", "npm @s/a 1.0.0-beta.1"),
    ("  `-- a@1.0.1", "npm a 1.0.1"),
    ("npm warn deprecated a@1.0: use b", "npm a 1.0"),
    ("npm WARN deprecated @s/a@1.0.0: use b", "npm @s/a 1.0.0"),
    # tools, images, actions
    ("Python 3.12.1", "tool python 3.12.1"),
    ("go version go1.24.1 linux/amd64", "tool go 1.24.1"),
    ("git version 2.43.0", "tool git 2.43.0"),
    ("rustc 1.80.0 (051478957 2024-07-21)", "tool rustc 1.80.0"),
    (
        f"#7 [1/5] FROM docker.io/library/python:3.12@{DIGEST}",
        f"docker docker.io/library/python:3.12 {DIGEST}",
    ),
    ("#9 12.345 Successfully installed a-1.0", "pip a 1.0"),
    ("web-1  | Successfully installed a-1.0", "pip a 1.0"),
]

RUNNER_SAMPLES = [
    (
        "Image Release: https://g/runner-images/releases/tag/ubuntu22%2F20260105.1",
        "image ubuntu22 20260105.1",
    ),
    ("Image: ubuntu-22.04", "image runner ubuntu-22.04"),
    (
        f"Download action repository 'actions/checkout@v4' (SHA:{SHA})",
        f"action actions/checkout@v4 {SHA}",
    ),
    ("Found in cache @ /opt/hostedtoolcache/go/1.24.1/x64", "tool go 1.24.1"),
    (r"Found in cache @ C:\hostedtoolcache\windows\Python\3.12.1\x64", "tool python 3.12.1"),
]

OTHERS = """
Successfully built a b
Successfully tagged image-1:latest
Collecting a==1.0
Requirement already satisfied: a
  Downloading a-1.0-py3-none-any.whl.metadata (1 kB)
  Downloading a-1.0.tar.gz (12 kB)
assert status==200
x ==1.0
 - a==1.0
+ pip install a==1.0
+ sleep 5
+ checkout v1.2.3
2026-01-01 12:00:00 INFO start_1 done
foo 1.2 3 bar
test_a 1.2 PASSED in_1 4s
test a::b-1.0-2 ok
go: finding module for package example.org/m
go: downloading v1.2.3
   Compiling 3 files
Compiling version v1.0 of everything v2
  [2a0f44e3] + Base64 [`@stdlib/Base64`]
  [1a2b3c4d] - Gone v1.2.3
[INFO] Downloading from central: https://h/maven2/g/r/a/1.0/a-1.0.jar
Downloaded from central: https://h/maven2/g/r/a/1.0/a-1.0.pom (3 kB at 1 MB/s)
Setting up a workspace (1.0)
Using Python 3.12.1 environment at: .venv
Installing dependencies from lock file
  - Installing a
├── UNMET DEPENDENCY a@1.0
npm error code E404
Python 3.12 is required
Status: Downloaded newer image for x:tag
Digest: sha256:abc
Image Release: none
Found in cache @ /opt/cache/go
==> Pouring rain
trying URL 'https://cran.example/PACKAGES.gz'
""".strip("\n").split("\n")
"""Lines like those that list versions, and list none."""

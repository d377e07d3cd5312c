"""The Dockerfile's steps, run in a clean root where no engine is.

`python -m tests.deploy.image` makes a root of Debian with debootstrap and runs every step in it, as
root; the tests do what needs neither.
"""

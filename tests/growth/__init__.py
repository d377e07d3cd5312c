"""A year of an installation, held against the bounds of its tables and files: `make growth`."""

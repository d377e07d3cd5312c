"""When feeds are loaded."""

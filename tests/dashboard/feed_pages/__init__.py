"""Pages about what feeds brought."""

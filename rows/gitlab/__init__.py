"""GitLab's part of the rows: its job traces so far."""

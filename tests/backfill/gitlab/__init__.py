"""GitLab's API, asked over a real socket."""

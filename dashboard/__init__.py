"""Pages for people: what failed last night and why, how long things take, what is missing."""

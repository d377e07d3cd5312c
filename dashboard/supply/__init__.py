"""Pages of packages: what feeds and CI brought in, those that a red main puts at stake out."""

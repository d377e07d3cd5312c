"""Make up what a GitHub holds: repositories with their git, runs and jobs, by its own clock."""

"""Make up what a GitHub holds: repositories with their git, runs and jobs, by a clock of their own."""

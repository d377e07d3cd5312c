"""Make up what a GitHub holds: repositories with their git, runs and jobs, by a clock of its own.

What is told of it (a push, a job that starts) goes into one log of states; from the log come its
webhook deliveries, and what the API would answer at any moment.
"""

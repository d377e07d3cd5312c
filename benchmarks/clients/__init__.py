"""What sends requests to the receivers that are measured: this process, or wrk."""

"""GraphQL as GitHub answers it: check suites with their runs, steps and annotations by node ids."""

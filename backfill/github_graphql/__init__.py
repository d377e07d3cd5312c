"""Jobs of many runs at once by GitHub's GraphQL, which knows less of each than REST."""

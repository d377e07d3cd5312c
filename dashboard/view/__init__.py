"""Turn figures into what a template draws: charts, the matrix of nights, words, links.

Records of store.reads go in, values for a template come out. Only `suspect_commits` and
`shown_changes` ask the store.
"""

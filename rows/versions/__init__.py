"""Lines of a job's log -> the versions that they list: (kind, name) -> version, the last one wins.

Lines come in without times and colours, in order, from whichever vendor; `reader.VersionReader`
keeps what they list. What only one vendor prints are forms in its own folder. Names and versions
are anybody's text: a pattern takes known letters, so many of them, and every one of them is linear.
"""

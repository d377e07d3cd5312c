"""Answer questions about errors: what failed jobs say, by the fingerprint of what they say.

In go a filter, or one fingerprint; out come records for the pages. An error that only says that
something failed, or is only the end of what a step printed, is never ranked.
"""

"""Say whether anything is missing: what a vendor lists, or listed, against what is stored.

In: a repository and a span of time. Out: a verdict with its findings, kept in the store; `repair`
fetches what they name. The findings are pure functions.
"""

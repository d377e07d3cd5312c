"""Do what a person types: read history, audit, replay, delete a repository, set up webhooks.

In: flags and settings. Out: rows in the store, words for people, an exit code.
"""

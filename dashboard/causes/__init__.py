"""What failed last night by its causes: whose, since when and whom, and what is done about it.

In go the changes of last night (view.night_changes); out come causes, those that reach furthest
first, with what the store, the groups file and people say of them.
"""

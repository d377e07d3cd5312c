"""Make GitHub's JSON from a few plain values: recorded payloads are its templates.

No world is needed: `templates` holds what was recorded, `git_objects` and `actions_objects` make
the parts, and `events` whole webhook payloads.
"""

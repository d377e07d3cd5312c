"""Ask a vendor's API: a path goes in, JSON comes out, within its limits and page by page.

Knows no vendor: each gives its `ApiRules`.
"""

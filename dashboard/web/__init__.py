"""Do what every page needs of a request: the store's connection, who may see it, filters, CSV.

A request goes in; a page module gets a connection, dates and texts, and hands back what to render.
"""

"""Take a delivery or a page of the API to `store.apply`: what comes in becomes rows, or a reason.

A *door* is an entry to that one room: webhook, API, replay. `decide` stands before two of them.
"""

"""Unsigned requests in number, against a listener without a proxy: signed ones wait for none.

Comes in: an attack. Goes out: what it cost, and how long signed deliveries took meanwhile.
"""

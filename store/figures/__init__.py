"""Figures that people begin with: how often, how long, how much, and what of it changed.

Days go in, from roll-ups where they are made, else counted; rates, red time, slowdowns and minutes
come out (store.rollups.figures says what a day has).
"""

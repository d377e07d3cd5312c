"""A store of many years: its size, its pages, its roll-ups, and what a delivery costs in it."""

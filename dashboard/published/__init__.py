"""What programs read beside the pages: a feed of turns, the picture of a state, metrics.

Comes in: an address. Goes out: Atom, SVG or Prometheus's text, made anew each time.
"""

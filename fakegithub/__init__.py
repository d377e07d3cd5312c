"""A GitHub of our own: recorded payload shapes, a world with a clock, a server that serves it."""

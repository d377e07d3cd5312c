"""How feeds went: a connection comes in; loads, the next ones, and what is gone go out."""

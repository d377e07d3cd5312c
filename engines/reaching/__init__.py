"""How a server is reached: the way there, and what it promises."""

"""`python3 listener.py --check`: what it finds well, and what wrong."""

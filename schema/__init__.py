"""The tables, their migrations, and the pages generated from them."""

# All tables are in the metadata, whichever module of this room is imported first.
from schema import parts as parts
from schema import progress as progress

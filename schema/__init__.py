"""The tables, their migrations, and the pages generated from them."""

# All tables are in the metadata, whichever module of this room is imported first.
from schema import audits as audits
from schema import failures as failures
from schema import healing as healing
from schema import parts as parts
from schema import progress as progress
from schema import rollups as rollups

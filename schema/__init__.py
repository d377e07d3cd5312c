"""The tables, their migrations, and the pages generated from them."""

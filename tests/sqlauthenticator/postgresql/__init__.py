"""The connector on PostgreSQL goes in; what is its own there comes out."""

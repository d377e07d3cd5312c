"""Messages of red default branches: what is written, to whom it goes, and that it goes once."""

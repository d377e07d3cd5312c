"""Keep the rows: the only code that writes SQL; mapped deliveries go in, records come out."""

"""What the page Runs asks: filters come in; conditions, counts and failures go out."""

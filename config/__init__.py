"""Read what an operator chose: flags, environment and .env in, checked values out."""

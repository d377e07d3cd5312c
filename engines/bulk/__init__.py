"""Many rows at once, and the numbers that tables give: what a whole store that moves needs."""

"""Many rows at once, and the numbers that tables give: what batches and a store that moves need."""

"""Lists with search, order, counts and pages: deliveries, figures, pools, what got slower."""

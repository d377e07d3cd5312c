"""What is red now, what did not run, and what says so: pages, feed, badge, metrics."""

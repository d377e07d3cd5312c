"""The tests, in the folders of what they test; long programmes have folders of their own."""

"""The tests, in the folders of what they test; long programmes and kills in folders of their own."""

"""Loads of feeds beside dlt's: lines of apt's lists come in, seconds and memory go out."""

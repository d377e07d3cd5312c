"""Tests of store/feeds."""

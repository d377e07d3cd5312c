"""Tests of the feeds that come along, on recorded samples."""

"""A log in pieces of bytes -> what it says of a failure; the same for every vendor.

A vendor's reader (`rows/VENDOR/job_log.py`) takes blocks of whole lines and finds the step that
failed; this package cleans what the step printed, tries its rules on it, and ranks what they say.
"""

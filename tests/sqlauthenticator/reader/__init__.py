"""A reader with root's account goes in; what it could write, lock or outlast comes out."""

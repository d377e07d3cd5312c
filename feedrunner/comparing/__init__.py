"""What a feed brings again: pieces of output -> lines that must be read, none where all is same.

The records of a whole load are hashed in blocks, which the next load is compared with.
"""

"""The site: the lake in, a folder of pages out that opens without server and network."""

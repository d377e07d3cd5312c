"""The pages, one module each: read the URL, ask the store, hand the answer to a template."""

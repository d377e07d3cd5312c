"""When feeds are loaded without anybody's asking: manifests and past loads -> the next times.

Comes in: manifests and `load_history`. Goes out: loads, and a row of health for each feed.
"""

"""The lake beside the stores, bare Parquet and pandas: seconds, sizes, factors."""

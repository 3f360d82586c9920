"""What benchmarks/api.py serves, asks and measures."""

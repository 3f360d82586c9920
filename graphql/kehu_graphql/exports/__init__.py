"""Whole lists as files: a query's only connection read page by page in one state, written as JSON lines."""

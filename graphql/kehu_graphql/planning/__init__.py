"""Queries answered by one statement each instead of resolvers."""

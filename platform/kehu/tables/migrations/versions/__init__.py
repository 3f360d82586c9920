"""Alembic migrations of the graph, from the first table on."""

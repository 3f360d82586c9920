"""Read-only views of the graph and of the published run: plain functions on a connection."""

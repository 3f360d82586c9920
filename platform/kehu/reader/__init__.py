"""The read-only view of the published run."""

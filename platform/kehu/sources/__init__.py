"""The sources/*.yaml files: how a departmental export maps to the graph."""

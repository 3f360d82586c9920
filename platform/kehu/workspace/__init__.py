"""A workspace folder: its settings, rule directory and sources."""

"""The customer graph, its features, rules, runs and the command line."""

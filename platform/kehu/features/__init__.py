"""The catalogue of features and their computation, one row per customer as of an instant."""

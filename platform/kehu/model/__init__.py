"""The words of the domain: problems, YAML with places, feature types, loading, the graph's fields."""

"""Records to customers: normalised identifiers, keys, islands, golden records."""

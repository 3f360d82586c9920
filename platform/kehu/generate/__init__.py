"""A generated carrier: what its departments would export, with the truth beside it."""

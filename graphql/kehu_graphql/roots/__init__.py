"""The fields a query begins with, a module per subject."""

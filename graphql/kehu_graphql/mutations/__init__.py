"""What can be changed: a module per subject."""

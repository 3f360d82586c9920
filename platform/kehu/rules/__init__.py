"""Rule files: read, checked, compiled to column expressions, evaluated with reasons."""

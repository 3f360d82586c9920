"""A columnar copy of the events beside the database: derived, disposable, always equal to the store."""

"""The one place that writes facts to the database and reads them in bulk."""

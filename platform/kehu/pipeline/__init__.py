"""The way of the data: files to records to customers, features to levels to the published run."""

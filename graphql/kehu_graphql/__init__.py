"""The GraphQL API over the published run."""

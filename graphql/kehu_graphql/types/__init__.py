"""The GraphQL types, a module per noun."""

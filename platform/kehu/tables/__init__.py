"""The graph as SQLAlchemy tables, with its migrations."""

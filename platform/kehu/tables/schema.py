"""Every table at once: importing this fills the metadata that migrations are compared with."""

from kehu.tables import copies, facts, identity, overrides, runs
from kehu.tables.columns import metadata

__all__ = ["copies", "facts", "identity", "metadata", "overrides", "runs"]

"""Every table at once: importing this fills the metadata that migrations are compared with."""

from kehu.tables import facts, overrides, runs
from kehu.tables.columns import metadata

__all__ = ["facts", "metadata", "overrides", "runs"]

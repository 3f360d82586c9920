"""Every table at once: importing this fills the metadata that migrations are compared with."""

from kehu.tables import changes, copies, facts, features, golden, identity, identity_index, overrides, runs, spent
from kehu.tables.columns import metadata

__all__ = [
    "changes",
    "copies",
    "facts",
    "features",
    "golden",
    "identity",
    "identity_index",
    "metadata",
    "overrides",
    "runs",
    "spent",
]

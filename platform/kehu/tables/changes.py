"""What people changed through the server: who, when, and what it was answered with."""

from sqlalchemy import Column, Index, String, Table, Text

from kehu.tables.columns import DOCUMENT, Instant, id_column, metadata

# A change that carries a key is made once, however often it is sent: `digest` tells whether what is sent under the key
# is the same, `answer` is what it was answered with. Neither holds what the client wrote, so no name or phone either.
changes = Table(
    "changes",
    metadata,
    id_column(),
    Column("at", Instant, nullable=False),
    Column("author", Text, nullable=False),
    Column("mutation", String(100), nullable=False),
    Column("key", String(200)),
    Column("digest", String(64), nullable=False),
    Column("answer", DOCUMENT, nullable=False),
    Index("uq_changes_author_key", "author", "key", unique=True),
)

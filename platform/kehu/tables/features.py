"""The values of served features as the newest published run counted them: one wide row per customer."""

from typing import Any

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table, Text
from sqlalchemy.types import TypeEngine

from kehu.model.served import SLOTS, SlotKind
from kehu.tables.columns import BIG, DOCUMENT, metadata, reference

_TYPES: dict[SlotKind, TypeEngine[Any]] = {"sorted": BIG, "whole": BIG, "real": Float(), "text": Text()}

# Which feature stands in which slot, as of `run_id`; what people meet it by is that run's too. A decimal is scaled, a
# truth is 0 or 1, an instant counts microseconds since 1970. With a `base` the value is the base less what is stored:
# so days since an event, counted a day later, are stored as they were. `label` is {en, zh}, `place` file:line:column.
served_features = Table(
    "served_features",
    metadata,
    Column("code", String(100), primary_key=True),
    Column("slot", String(20), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("scale", Integer, nullable=False),
    Column("base", BIG),
    Column("unit", Text, nullable=False),
    Column("label", DOCUMENT, nullable=False),
    Column("meaning", Text, nullable=False),
    Column("place", Text, nullable=False),
    reference("run_id", "runs.id", nullable=False),
)

# What is unknown is null, as is every slot that no feature has. A row per value would be eight times as many.
customer_features = Table(
    "customer_features",
    metadata,
    Column("customer_id", BIG, ForeignKey("customers.id"), primary_key=True, autoincrement=False),
    *(Column(name, _TYPES[kind]) for kind, names in SLOTS.items() for name in names),
)
# For lists that are ordered by a feature; one that nobody uses holds nothing.
for _slot in SLOTS["sorted"]:
    _is_known = customer_features.c[_slot].is_not(None)
    Index(
        f"ix_customer_features_{_slot}",
        customer_features.c[_slot],
        customer_features.c.customer_id,
        sqlite_where=_is_known,
        postgresql_where=_is_known,
    )

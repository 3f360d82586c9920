"""Column kinds shared by every table: UTC instants, JSON, small helpers."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, DateTime, ForeignKey, Index, Integer, MetaData, TypeDecorator, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Whole numbers of any size on every dialect; SQLite counts rows in INTEGER PRIMARY KEY only.
BIG = BigInteger().with_variant(Integer(), "sqlite")
DOCUMENT = JSON().with_variant(JSONB(), "postgresql")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """An instant in UTC with microseconds; PostgreSQL keeps timestamptz, SQLite whole microseconds since 1970.

    A number sorts, compares and is read in bulk faster than SQLite's text dates, and holds no zone to lose.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Whole numbers on SQLite, timestamptz elsewhere."""
        kind: TypeEngine[Any] = BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> object:
        """Refuse an instant without a zone: ValueError."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"'{value}' has no time zone; give an instant in UTC")
        return micros(value) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: object, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Always aware, always UTC."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return from_micros(int(str(value)))


def micros(instant: datetime) -> int:
    """Whole microseconds since 1970 in UTC, exact."""
    delta = instant.astimezone(UTC) - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_micros(value: int) -> datetime:
    """The instant `value` microseconds after 1970 began in UTC."""
    seconds, rest = divmod(value, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


def id_column() -> Column[int]:
    """A surrogate key that the store hands out itself, so that bulk writes know it beforehand."""
    return Column("id", BIG, primary_key=True, autoincrement=False)


def reference(name: str, target: str, *, nullable: bool = True) -> Column[int]:
    """A foreign key to `target`, written 'table.column'."""
    return Column(name, BIG, ForeignKey(target), nullable=nullable)


def newest_first(table: str, owner: str) -> tuple[Index, Index]:
    """What leads through an owner's rows by `at`, the newest first and undated ones last, then by id: one a dialect.

    PostgreSQL keeps unknown values at the wrong end of an index without directions; SQLite takes no word on them.
    `info` names the dialect, whose database alone has the index.
    """
    falling = (text("at DESC NULLS LAST"), text("id DESC"))
    there = Index(f"ix_{table}_{owner}_newest", owner, *falling, info={"dialect": "postgresql"})
    here = Index(f"ix_{table}_{owner}_at_id", owner, "at", "id", info={"dialect": "sqlite"})
    return there.ddl_if(dialect="postgresql"), here.ddl_if(dialect="sqlite")

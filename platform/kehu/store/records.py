"""Record frames into source records, and the mentions of customers they carry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

import polars as pl
from sqlalchemy import Connection, String, column, select, table, text

from kehu.model.graph import FIELDS, INSTANT, LINKS, PARTY_FIELDS, RELATION_PARTS, Entity
from kehu.store.bulk import insert_frame, next_id, read_frame, stage, update_frame
from kehu.tables.columns import BIG, Instant
from kehu.tables.facts import customer_records, source_records

MENTION = "mention"
_PARTS = tuple(part.name for part in PARTY_FIELDS)
_SEPARATOR = "\x1f"
# CROSS JOIN keeps SQLite to this order: a look-up for each key, never a scan of all records.
_KNOWN_RECORDS = """
SELECT r."key", r.id, r.hash AS known_hash, r.exported_at AS known_export
FROM staged_keys AS k CROSS JOIN source_records AS r
WHERE r.system = :system AND r.entity = :entity AND r."key" = k."key"
"""
_CUSTOMER_COLUMNS = (
    "same_as_system",
    "same_as_key",
    "name",
    "kind",
    "industry",
    "country",
    "region",
    "city",
    "address",
    "phone",
    "phone_2",
    "email",
    "tax_code",
    "owner",
    "consent",
    "first_contact_at",
    *(f"{link}_{part}" for link in LINKS for part in RELATION_PARTS),
)


@dataclass(slots=True)
class RecordWriter:
    """Writes the records of one load inside the caller's transaction, handing out ids as it goes.

    `touched` gathers the ids of customer records that are new or changed.
    """

    connection: Connection
    batch_id: int
    system: str
    exported_at: datetime | None = None
    next_record_id: int = field(init=False)
    touched: list[pl.Series] = field(init=False, default_factory=list)
    redated: list[pl.Series] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.next_record_id = next_id(self.connection, source_records)

    def write(self, entity: Entity, records: pl.DataFrame) -> pl.DataFrame:
        """The new and changed rows of `records` with `id` and `is_new`, mentions replaced by record ids.

        A row whose stored hash is equal is left out, and one of which a later export is stored. Each party column
        group `<role>_*` becomes `<role>_record_id`, null where no party is named.
        """
        latest = records.unique("key", keep="last", maintain_order=True)
        known = self._known(entity, latest["key"])
        joined = latest.join(known, on="key", how="left")
        is_older = pl.lit(self.exported_at, INSTANT).lt(pl.col("known_export")).fill_null(value=False)
        is_other = pl.col("id").is_null() | (pl.col("hash") != pl.col("known_hash"))
        changed = joined.filter(is_other & ~is_older)
        self._seen_again(entity, joined.filter(~is_other))
        numbered = self._number(changed).drop("known_hash", "known_export")
        self._write_source_records(entity, numbered)
        for role in _roles(entity):
            numbered = self._replace_party(numbered, role)
        return numbered

    def write_customers(self, records: pl.DataFrame) -> pl.DataFrame:
        """Rows of a customer list into customer records; returns the new and changed ones."""
        changed = self.write("customer", records)
        rows = changed.select("id", pl.lit("file").alias("origin"), *_CUSTOMER_COLUMNS)
        insert_frame(self.connection, customer_records, rows.filter(changed["is_new"]))
        update_frame(self.connection, customer_records, rows.filter(~changed["is_new"]).drop("origin"))
        self.touched.append(rows["id"])
        return changed

    def _known(self, entity: str, keys: pl.Series) -> pl.DataFrame:
        """Columns key, id, known_hash, known_export of the stored records among `keys`."""
        stage(self.connection, "staged_keys", pl.DataFrame({"key": keys}, schema={"key": pl.String()}))
        query = text(_KNOWN_RECORDS).bindparams(system=self.system, entity=entity)
        typed = query.columns(key=String, id=BIG, known_hash=BIG, known_export=Instant)
        return read_frame(self.connection, typed)

    def _seen_again(self, entity: str, unchanged: pl.DataFrame) -> None:
        """Stored records (id, known_export) are as new as the newest export that holds them as they are.

        Those that name customers go to `redated`: another of their values may be the most recent now.
        """
        if self.exported_at is None:
            return
        export = pl.lit(self.exported_at, INSTANT)
        renewed = unchanged.filter(pl.col("known_export").is_null() | (pl.col("known_export") < export))
        update_frame(self.connection, source_records, renewed.select("id", exported_at=export))
        if entity in {"customer", MENTION}:
            self.redated.append(renewed["id"])

    def _number(self, rows: pl.DataFrame) -> pl.DataFrame:
        is_new = pl.col("id").is_null()
        fresh = pl.int_range(pl.len(), dtype=pl.Int64)
        ordered = rows.with_columns(is_new.alias("is_new")).sort(~pl.col("is_new"), maintain_order=True)
        numbered = ordered.with_columns(
            pl.when(pl.col("is_new")).then(fresh + self.next_record_id).otherwise(pl.col("id")).alias("id")
        )
        self.next_record_id += int(numbered["is_new"].sum())
        return numbered

    def _write_source_records(self, entity: str, rows: pl.DataFrame) -> None:
        frame = rows.select(
            "id",
            pl.lit(self.system).alias("system"),
            pl.lit(entity).alias("entity"),
            "key",
            "hash",
            pl.lit(self.batch_id, pl.Int64).alias("batch_id"),
            "line",
            pl.lit(self.exported_at, INSTANT).alias("exported_at"),
        )
        insert_frame(self.connection, source_records, frame.filter(rows["is_new"]))
        renewed = frame.filter(~rows["is_new"]).select("id", "hash", "batch_id", "line", "exported_at")
        update_frame(self.connection, source_records, renewed)

    def _replace_party(self, rows: pl.DataFrame, role: str) -> pl.DataFrame:
        parts = {f"{role}_{part}": part for part in _PARTS}
        parties = rows.select("line", *(pl.col(name).alias(part) for name, part in parts.items()))
        content = pl.concat_str([pl.col(part).fill_null("") for part in _PARTS], separator=_SEPARATOR)
        parties = parties.with_columns(content.alias("content"))
        mentioned = parties.filter(pl.any_horizontal(pl.col(_PARTS).is_not_null())).unique(
            "content", maintain_order=True
        )
        ids = self._mention_ids(mentioned)
        found = parties.join(ids, on="content", how="left", maintain_order="left")["id"].alias(f"{role}_record_id")
        return rows.drop(parts.keys()).with_columns(found)

    def _mention_ids(self, mentions: pl.DataFrame) -> pl.DataFrame:
        """Columns content, id of each distinct mention; unknown ones are written."""
        keyed = mentions.with_columns(**_mention_keys(mentions))
        known = self._known(MENTION, keyed["key"])
        joined = keyed.join(known, on="key", how="left").with_columns(pl.lit(0, pl.Int64).alias("hash"))
        numbered = self._number(joined)
        self._seen_again(MENTION, numbered.filter(~pl.col("is_new")))
        fresh = numbered.filter("is_new")
        self._write_source_records(MENTION, fresh)
        details = [part for part in _PARTS if part not in {"system", "key"}]
        rows = fresh.select(
            "id",
            pl.lit(MENTION).alias("origin"),
            pl.col("system").alias("reference_system"),
            pl.when(pl.col("system").is_not_null()).then(pl.col("reference")).alias("reference_key"),
            *details,
        )
        insert_frame(self.connection, customer_records, rows)
        self.touched.append(rows["id"])
        return numbered.select("content", "id")


def event_columns(entity: Entity, rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of the entity's own table among `rows`, with `is_new`."""
    plain = [item.name for item in FIELDS[entity] if item.kind != "party"]
    money = ["currency"] if "currency" in rows.columns else []
    return rows.select("id", "is_new", *(f"{role}_record_id" for role in _roles(entity)), *plain, *money)


def records_owned_by(connection: Connection, numbers: pl.Series) -> pl.Series:
    """The ids of the customer records whose owner is one of the employees with these numbers."""
    if numbers.is_empty():
        return pl.Series("id", [], dtype=pl.Int64)
    stage(connection, "staged_numbers", numbers.alias("number").to_frame())
    staged = select(table("staged_numbers", column("number")).c.number)
    return read_frame(connection, select(customer_records.c.id).where(customer_records.c.owner.in_(staged)))["id"]


def _roles(entity: Entity) -> tuple[str, ...]:
    return tuple(item.name for item in FIELDS[entity] if item.kind == "party")


def _mention_keys(mentions: pl.DataFrame) -> Mapping[str, pl.Series]:
    # The key is made of the content, so a mention is the same record whichever file or row brings it.
    # Polars has no stable digest, so this is one pass over distinct mentions only.
    digests = [blake2b(text.encode(), digest_size=12).hexdigest() for text in mentions["content"]]
    return {"reference": mentions["key"], "key": pl.Series("key", digests, dtype=pl.String)}

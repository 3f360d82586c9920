"""Records to customers: exact keys, connected components, ids that depend on content alone."""

import uuid

import numpy as np
import polars as pl
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from kehu.identity.identifiers import email_keys, tax_code_keys
from kehu.identity.names import name_keys
from kehu.identity.phones import phone_keys

# The namespace of customer ids: uuid5(DNS, "kehu.customer").
CUSTOMER_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "kehu.customer")
RECORD_SEPARATOR = "\x1f"


def normalised(records: pl.DataFrame, region: str) -> pl.DataFrame:
    """The records with comparable columns added: name_key, phone_key, phone_2_key, email_key, tax_code_key."""
    return records.with_columns(
        name_keys(records["name"]).alias("name_key"),
        phone_keys(records["phone"], region).alias("phone_key"),
        phone_keys(records["phone_2"], region).alias("phone_2_key"),
        email_keys(records["email"]).alias("email_key"),
        tax_code_keys(records["tax_code"]).alias("tax_code_key"),
    )


def identity_keys(records: pl.DataFrame) -> pl.DataFrame:
    """The keys that make two records one customer: columns id, key; several rows a record.

    A key is a source key, a tax code with a valid check character, or a phone or e-mail *together with*
    the name: a bare phone or e-mail links nothing.
    """
    own = pl.when(pl.col("origin") == "file").then(_join("source", pl.col("system"), pl.col("key")))
    keys = [
        own,
        _join("source", pl.col("reference_system"), pl.col("reference_key")),
        _join("source", pl.col("same_as_system"), pl.col("same_as_key")),
        _join("tax", pl.col("tax_code_key")),
        _join("phone", pl.col("phone_key"), pl.col("name_key")),
        _join("phone", pl.col("phone_2_key"), pl.col("name_key")),
        _join("email", pl.col("email_key"), pl.col("name_key")),
    ]
    frames = [records.select("id", key.alias("key")).drop_nulls("key") for key in keys]
    return pl.concat(frames)


def resolve(records: pl.DataFrame) -> pl.DataFrame:
    """Columns id, uid: the customer of every record; independent of the order of `records`.

    `records` comes from `normalised`. The uid is uuid5 of the customer's first record: rows of customer
    lists before mentions, then by system and key.
    """
    if records.is_empty():
        return pl.DataFrame(schema={"id": pl.Int64(), "uid": pl.String()})
    islands = _islands(records["id"], identity_keys(records))
    members = records.select(
        "id",
        anchor=pl.concat_str(
            pl.when(pl.col("origin") == "file").then(pl.lit("0")).otherwise(pl.lit("1")),
            "system",
            "key",
            separator=RECORD_SEPARATOR,
        ),
    ).with_columns(islands.alias("island"))
    first = members.with_columns(pl.col("anchor").min().over("island"))
    anchors = first["anchor"].unique()
    uids = [uid_of_record(anchor[2:]) for anchor in anchors]
    return first.select("id", uid=pl.col("anchor").replace_strict(anchors, pl.Series(uids), return_dtype=pl.String))


def uid_of_record(name: str) -> str:
    """The id of the customer whose first record has this name: system and key joined by RECORD_SEPARATOR."""
    return str(uuid.uuid5(CUSTOMER_NAMESPACE, name))


def _islands(ids: pl.Series, keys: pl.DataFrame) -> pl.Series:
    """The component number of every id, aligned with `ids`."""
    count = len(ids)
    rows = pl.DataFrame({"id": ids}).with_row_index("row")
    numbered = keys.join(rows, on="id").select("row", number=pl.col("key").rank("dense").cast(pl.Int64) - 1)
    distinct = 0 if numbered.is_empty() else int(numbered["number"].max()) + 1  # type: ignore[arg-type]
    size = count + distinct
    edges = coo_matrix(
        (np.ones(len(numbered), dtype=np.int8), (numbered["row"].to_numpy(), numbered["number"].to_numpy() + count)),
        shape=(size, size),
    )
    _, labels = connected_components(edges, directed=False)
    return pl.Series("island", labels[:count])


def _join(kind: str, *parts: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit(kind), *parts, separator=RECORD_SEPARATOR)

"""Which records of the departments are one customer."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from kehu.generate.dice import Ints, blocks
from kehu.generate.naming import VARIANTS, Directory
from kehu.generate.tally import Tally, customer_ids


class TrueRecords:
    """Writes truth/records.parquet piece by piece: system, record key, name, phone, customer id.

    The key is an account number, or for a party known by name and telephone only, both joined by '|'.
    """

    def __init__(self, path: Path) -> None:
        self.rows = 0
        self._path = path
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._writer is not None:
            self._writer.close()

    def add(self, records: pl.DataFrame) -> None:
        """Append rows as returned by the functions below."""
        table = records.to_arrow(compat_level=pl.CompatLevel.oldest())
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd")
        self._writer.write_table(table)
        self.rows += records.height


def account_records(system: str, numbers: pl.Series, owner: Ints) -> pl.DataFrame:
    """A record per account."""
    nothing = pl.lit(None, pl.String)
    return pl.DataFrame({"record_key": numbers, "customer_id": customer_ids(owner)}).select(
        pl.lit(system).alias("system"), "record_key", nothing.alias("name"), nothing.alias("phone"), "customer_id"
    )


def party_records(system: str, names: pl.Series, phones: pl.Series, owner: Ints) -> pl.DataFrame:
    """A record per distinct name, telephone and customer, in order of appearance; parties without either are left out.

    A party of several customers (a common name with a junk number) stands once for each: it names nobody.
    """
    frame = pl.DataFrame({"name": names.fill_null(""), "phone": phones.fill_null(""), "customer": owner})
    distinct = frame.filter((pl.col("name") != "") | (pl.col("phone") != "")).unique(maintain_order=True)
    return distinct.select(
        pl.lit(system).alias("system"),
        pl.concat_str("name", "phone", separator="|").alias("record_key"),
        "name",
        "phone",
        customer_ids(distinct["customer"].to_numpy()).alias("customer_id"),
    )


def waybill_parties(directory: Directory, tally: Tally) -> Iterator[pl.DataFrame]:
    """Every name and telephone that stands on a waybill, piece by piece; a customer's stand together."""
    for block in blocks(tally.sent.size):
        entries = np.flatnonzero(tally.appeared[block.start * VARIANTS : block.stop * VARIANTS])
        customer, variant = np.divmod(entries + block.start * VARIANTS, VARIANTS)
        yield party_records("tms", directory.name(customer, variant), directory.phone(customer, variant), customer)

"""Traces of erased rows outside their tables: in quarantine, and in the file's freed pages."""

import sqlite3

import polars as pl
from sqlalchemy import Connection, Engine, select

from kehu.store.bulk import read_frame, update_frame
from kehu.store.tombstones import Sieve
from kehu.tables.facts import batches, quarantine, source_records


def scrub_quarantine(connection: Connection, sieve: Sieve) -> int:
    """Replace quarantined rows that name an erased person by their digest; how many."""
    query = select(quarantine.c.id, quarantine.c.batch_id, quarantine.c.value, quarantine.c.reason, quarantine.c.row)
    rows = read_frame(connection, query)
    # The system of a source is that of the records which its batches brought.
    systems = select(source_records.c.system, batches.c.source).join(batches, batches.c.id == source_records.c.batch_id)
    named = read_frame(connection, systems.distinct())["system"].unique().sort()
    scrubbed = rows
    for system in named if len(named) else pl.Series([""]):
        scrubbed = sieve.sift_quarantine(scrubbed, system)
    changed = scrubbed.join(rows, on=rows.columns, how="anti", nulls_equal=True)
    update_frame(connection, quarantine, changed.drop("batch_id"))
    return len(changed)


def shred(engine: Engine) -> None:
    """Write SQLite's file anew and empty its log: both keep what was deleted or replaced, however long ago.

    PostgreSQL needs VACUUM FULL by who runs it.
    """
    with engine.connect() as connection:
        # Straight to the driver: within a transaction, which the engine would begin, SQLite refuses both.
        driver = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            driver.execute("VACUUM")
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

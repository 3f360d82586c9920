"""Customers that went into others: their ids keep resolving and their history goes to the heir."""

import polars as pl
from sqlalchemy import Connection, column, delete, select, table

from kehu.identity.resolve import RECORD_SEPARATOR, uid_of_record
from kehu.store.bulk import insert_frame, read_frame, stage, update_frame
from kehu.store.event_changes import log_changes
from kehu.store.handing_over import hand_over
from kehu.tables.facts import customer_aliases, customers, identifiers
from kehu.tables.features import customer_features


def retire(connection: Connection, gone: pl.DataFrame, moved: pl.DataFrame) -> None:
    """Delete the customers that lost their last record, once their ids and history are with their heirs.

    `gone` (uid, customer_id) are the customers to delete; `moved` is the records that changed customer, `customer_id`
    to `now`. An id, also one retired long ago, resolves to the customer that
    holds the record it was made of, so a wrong merge that is undone takes its ids along.
    """
    aliases = read_frame(connection, select(customer_aliases))
    named = pl.concat([gone, aliases.select("uid", "customer_id")]).select("customer_id").unique()
    anchors = _with_own_uid(moved.join(named, on="customer_id", how="semi"))
    strayed = aliases.join(anchors, on="uid").select("uid", pl.col("now").alias("customer_id"))
    update_frame(connection, customer_aliases, strayed, key="uid")
    heirs = gone.join(anchors, on="uid")
    insert_frame(connection, customer_aliases, heirs.select("uid", customer_id="now", former_id="customer_id"))
    hand_over(connection, pl.concat([moved["customer_id"], moved["now"].alias("customer_id")]))
    stage(connection, "staged_gone", heirs.select("customer_id"))
    staged = select(table("staged_gone", column("customer_id")).c.customer_id)
    for kept in (identifiers, customer_features):
        connection.execute(delete(kept).where(kept.c.customer_id.in_(staged)))
    connection.execute(delete(customers).where(customers.c.id.in_(staged)))
    log_changes(connection, customers, heirs["customer_id"])
    returned = customer_aliases.c.uid.in_(select(customers.c.uid))
    connection.execute(delete(customer_aliases).where(returned))


def _with_own_uid(records: pl.DataFrame) -> pl.DataFrame:
    """Columns uid, now: the id each record gives a customer whose first record it is."""
    anchors = pl.concat_str("system", "key", separator=RECORD_SEPARATOR)
    uids = [uid_of_record(anchor) for anchor in records.select(anchors).to_series()]
    return records.select(pl.Series("uid", uids, dtype=pl.String), "now")

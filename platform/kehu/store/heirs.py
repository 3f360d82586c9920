"""Customers that went into others: their ids keep resolving and their history goes to the heir."""

import polars as pl
from sqlalchemy import Connection, Table, column, delete, select, table, text

from kehu.identity.resolve import RECORD_SEPARATOR, uid_of_record
from kehu.store.bulk import insert_frame, read_frame, stage, update_frame
from kehu.store.event_changes import log_changes
from kehu.tables.columns import BIG
from kehu.tables.facts import customer_aliases, customers, identifiers
from kehu.tables.overrides import overrides
from kehu.tables.runs import memberships, publication, warnings


def retire(connection: Connection, gone: pl.DataFrame, moved: pl.DataFrame, known: pl.DataFrame) -> None:
    """Delete the customers that lost their last record, once their ids and history are with their heirs.

    `gone` and `known` (uid, customer_id) are the customers to delete and all there were; `moved` is the records
    that changed customer, `customer_id` to `now`. An id, also one retired long ago, resolves to the customer that
    holds the record it was made of, so a wrong merge that is undone takes its ids along.
    """
    aliases = read_frame(connection, select(customer_aliases))
    named = pl.concat([gone, aliases.select("uid", "customer_id")]).select("customer_id").unique()
    anchors = _with_own_uid(moved.join(named, on="customer_id", how="semi"))
    strayed = aliases.join(anchors, on="uid").select("uid", pl.col("now").alias("customer_id"))
    update_frame(connection, customer_aliases, strayed, key="uid")
    heirs = gone.join(anchors, on="uid")
    stage(connection, "staged_gone", heirs.select("customer_id"))
    _hand_over_history(connection, heirs, known)
    _hand_over_overrides(connection, heirs)
    staged = select(table("staged_gone", column("customer_id")).c.customer_id)
    connection.execute(delete(identifiers).where(identifiers.c.customer_id.in_(staged)))
    connection.execute(delete(customers).where(customers.c.id.in_(staged)))
    insert_frame(connection, customer_aliases, heirs.select("uid", customer_id="now", former_id="customer_id"))
    returned = customer_aliases.c.uid.in_(select(customers.c.uid))
    connection.execute(delete(customer_aliases).where(returned))


def _with_own_uid(records: pl.DataFrame) -> pl.DataFrame:
    """Columns uid, now: the id each record gives a customer whose first record it is."""
    anchors = pl.concat_str("system", "key", separator=RECORD_SEPARATOR)
    uids = [uid_of_record(anchor) for anchor in records.select(anchors).to_series()]
    return records.select(pl.Series("uid", uids, dtype=pl.String), "now")


def _hand_over_history(connection: Connection, heirs: pl.DataFrame, known: pl.DataFrame) -> None:
    """Give what retired customers were to their heirs.

    An heir that was a customer before goes on as it was: what the retired one still was ends with the published run.
    A new heir takes over from the first that went into it, so nobody leaves a level by getting another id. Whoever
    keeps a copy of what is published is told of both by the log of changes.
    """
    is_first = pl.col("customer_id") == pl.col("customer_id").min().over("now")
    is_new = pl.col("now").is_in(known["customer_id"].to_list()).not_()
    goes_on = heirs.select("customer_id", "now", goes_on=is_first & is_new)
    published = connection.execute(select(publication.c.run_id)).scalar()
    touched = []
    for history, until in ((memberships, "until_run_id"), (warnings, "cleared_run_id")):
        rows = _of_the_gone(connection, history, until).join(goes_on, on="customer_id")
        touched += [rows["customer_id"], rows["now"]]
        ended = pl.coalesce(until, pl.when(~pl.col("goes_on")).then(pl.lit(published, pl.Int64)))
        update_frame(connection, history, rows.select("id", pl.col("now").alias("customer_id"), ended.alias(until)))
    log_changes(connection, memberships, pl.concat(touched).unique())


def _hand_over_overrides(connection: Connection, heirs: pl.DataFrame) -> None:
    """What was decided for a retired customer holds for its heir, and stays with it when a merge is undone."""
    rows = _of_the_gone(connection, overrides).join(heirs, on="customer_id")
    update_frame(connection, overrides, rows.select("id", pl.col("now").alias("customer_id")))


def _of_the_gone(connection: Connection, history: Table, *numbers: str) -> pl.DataFrame:
    """Columns id, customer_id and the named whole numbers of the staged customers' rows."""
    names = ("id", "customer_id", *numbers)
    # CROSS JOIN keeps SQLite to this order: a look-up for each customer, never a scan of all history.
    query = text(
        f"SELECT {', '.join(f'h.{name}' for name in names)} FROM staged_gone AS s CROSS JOIN {history.name} AS h "
        "WHERE h.customer_id = s.customer_id"
    ).columns(*(column(name, BIG) for name in names))
    return read_frame(connection, query)

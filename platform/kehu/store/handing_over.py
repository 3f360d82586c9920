"""What was published of a customer goes with its first record: to an heir by a merge, and back when it is parted.

A row of memberships, warnings or overrides belongs to the customer that it was written for, by its uid, wherever that
uid resolves to. One that comes home is open again if it was when it left, and the next run decides.
"""

import polars as pl
from sqlalchemy import Connection, Table, Text, column, delete, select, table, text

from kehu.store.bulk import insert_frame, read_frame, stage, update_frame
from kehu.store.event_changes import log_changes
from kehu.tables.columns import BIG
from kehu.tables.facts import customer_aliases, customers
from kehu.tables.identity import handed_over
from kehu.tables.overrides import overrides
from kehu.tables.runs import memberships, publication, warnings

_ENDS = {memberships: "until_run_id", warnings: "cleared_run_id"}
_ENTRY = ["row_id", "uid", "closed_run_id"]


def hand_over(connection: Connection, touched: pl.Series) -> None:
    """Bring the rows of these customers to those whose they are, before the ones that are gone are deleted.

    An alias says of a uid where it resolves to, also while its customer is still there. Of several owners' memberships
    at one customer its own stand, else those of the first; of several open warnings of a kind the one that somebody
    looks after. The others end with the published run.
    """
    stage(connection, "staged_touched", pl.DataFrame({"customer_id": touched.unique().sort()}))
    published = connection.execute(select(publication.c.run_id)).scalar()
    changed = [pl.Series("customer_id", [], dtype=pl.Int64)]
    for history, one_of in ((memberships, []), (warnings, ["ruleset", "warning"])):
        rows = _placed(connection, _read(connection, history, one_of))
        changed += _write(connection, history, _standing(rows, one_of), published)
    _write(connection, overrides, _placed(connection, _read(connection, overrides, [])), published)
    log_changes(connection, memberships, pl.concat(changed).unique())


def _read(connection: Connection, history: Table, one_of: list[str]) -> pl.DataFrame:
    """The staged customers' rows: id, customer_id, until, `one_of`, state, here (the uid), entry and closed."""
    words = [*one_of, "state"] if one_of else []
    until = f"h.{_ENDS[history]}" if history in _ENDS else "NULL"
    # CROSS JOIN keeps SQLite to this order: a look-up for each customer, never a scan of all history.
    query = text(
        f"SELECT h.id, h.customer_id, {until} AS until, {''.join(f'h.{word}, ' for word in words)}"
        "c.uid AS here, e.uid AS entry, e.closed_run_id AS closed "
        f"FROM staged_touched AS s CROSS JOIN {history.name} AS h JOIN customers AS c ON c.id = h.customer_id "
        f"LEFT JOIN handed_over AS e ON e.stream = '{history.name}' AND e.row_id = h.id "
        "WHERE h.customer_id = s.customer_id ORDER BY h.id"
    )
    numbers = [column(name, BIG) for name in ("id", "customer_id", "until")]
    texts = [column(name, Text) for name in (*words, "here", "entry")]
    return read_frame(connection, query.columns(*numbers, *texts, column("closed", BIG)))


def _placed(connection: Connection, rows: pl.DataFrame) -> pl.DataFrame:
    """With `owner`, the uid that each row was written for, `now`, where it resolves to, `own`: as itself."""
    owned = rows.with_columns(owner=pl.coalesce("entry", "here"))
    stage(connection, "staged_owners", owned.select(uid="owner").unique())
    wanted = select(table("staged_owners", column("uid", Text)).c.uid)
    aliases = select(customer_aliases.c.uid.label("owner"), customer_aliases.c.customer_id.label("now"))
    named = select(customers.c.uid.label("owner"), customers.c.id.label("now"))
    selves = read_frame(connection, named.where(customers.c.uid.in_(wanted)))
    # A customer that is gone has an alias already, and one that has come back still has one, of itself.
    found = [read_frame(connection, aliases.where(customer_aliases.c.uid.in_(wanted))), selves]
    resolved = pl.concat(found).unique("owner", keep="first", maintain_order=True)
    selves = selves.with_columns(own=pl.lit(value=True))
    first = resolved.join(selves, on=["owner", "now"], how="left").with_columns(pl.col("own").fill_null(value=False))
    placed = owned.join(first, on="owner", how="left", maintain_order="left")
    return placed.with_columns(
        pl.coalesce("now", "customer_id").alias("now"), came=pl.col("now") != pl.col("customer_id")
    )


def _standing(rows: pl.DataFrame, one_of: list[str]) -> pl.DataFrame:
    """With `claims`: whether a row would be open at its place, and `stands`: whether it is.

    What a merge alone ended waits, and stands again when what it had to give way to leaves.
    """
    is_open = pl.col("until").is_null()
    comes_home = pl.col("came") & pl.col("own") & pl.col("closed").is_not_null()
    waits = pl.col("until") == pl.col("closed")
    leaving = rows.filter(pl.col("came") & (is_open | pl.col("closed").is_not_null()))
    left = leaving.select(pl.col("customer_id").alias("now"), *one_of).unique().with_columns(freed=pl.lit(value=True))
    claimed = rows.join(left, on=["now", *one_of], how="left", maintain_order="left").with_columns(
        rank=pl.when(is_open | comes_home).then(0).when(waits & pl.col("freed")).then(1)
    )
    # Of one kind the one that is looked after, then the customer's own, then the first; without kinds all of one owner.
    looked_after = [pl.col("state") == "open"] if one_of else []
    order = ["now", *one_of, "rank", *looked_after, ~pl.col("own"), "id"]
    first = claimed.drop_nulls("rank").sort(order).group_by(["now", *one_of], maintain_order=True)
    best = first.agg(best=pl.col("id" if one_of else "owner").first())
    judged = claimed.join(best, on=["now", *one_of], how="left", maintain_order="left")
    is_best = pl.col("id" if one_of else "owner") == pl.col("best")
    return judged.with_columns(claims=pl.col("rank").is_not_null(), stands=pl.col("rank").is_not_null() & is_best)


def _write(connection: Connection, history: Table, rows: pl.DataFrame, published: int | None) -> list[pl.Series]:
    """Write what differs; returns the customers that gave or took."""
    run = pl.lit(published, pl.Int64)
    judged = (
        rows if "stands" in rows.columns else rows.with_columns(claims=pl.lit(value=False), stands=pl.lit(value=False))
    )
    ends = pl.when("stands").then(None).when("claims").then(pl.coalesce("until", run)).otherwise("until")
    lost = pl.col("claims") & ~pl.col("stands")
    waits = ~pl.col("stands") & (pl.col("until") == pl.col("closed")).fill_null(value=False)
    leaves_open = pl.col("entry").is_null() & pl.col("until").is_null()
    settled = judged.with_columns(
        ends=ends,
        listed=~pl.col("own") | lost | waits,
        closes=pl.when(lost).then(ends).when(leaves_open).then(run).otherwise("closed"),
    )
    moved = settled.filter(pl.col("came") | pl.col("until").ne_missing(pl.col("ends")))
    until = [pl.col("ends").alias(_ENDS[history])] if history in _ENDS else []
    update_frame(connection, history, moved.select("id", pl.col("now").alias("customer_id"), *until))
    _list(connection, history, settled)
    return [moved["customer_id"], moved["now"].alias("customer_id")]


def _list(connection: Connection, history: Table, settled: pl.DataFrame) -> None:
    entries = settled.filter("listed").select(row_id="id", uid="owner", closed_run_id="closes")
    known = settled.drop_nulls("entry").select(row_id="id", uid="entry", closed_run_id="closed")
    stale = known.join(entries, on=_ENTRY, how="anti", nulls_equal=True)
    stage(connection, "staged_entries", stale.select("row_id"))
    staged = select(table("staged_entries", column("row_id", BIG)).c.row_id)
    connection.execute(
        delete(handed_over).where(handed_over.c.stream == history.name, handed_over.c.row_id.in_(staged))
    )
    fresh = entries.join(known, on=_ENTRY, how="anti", nulls_equal=True)
    insert_frame(connection, handed_over, fresh.with_columns(stream=pl.lit(history.name)))

"""The lists that hang on customers, read for many customers in one statement."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    func,
    select,
    true,
    union,
    union_all,
)

from kehu.reader.keyset import Key, KeyValues, Page, Window, beyond, cut_page, key_columns, ordering
from kehu.tables.facts import customers

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Listing(Generic[T]):
    """Rows that belong to customers through any of `owners`, each row once per customer.

    With `at` the newest stand first and undated ones last; without it the order is by `id`, rising unless
    `newest_first`. `id`, `owners` and `at` are columns of one table; `source` joins to it what `columns` need.
    """

    id: Column[int]
    owners: tuple[Column[int], ...]
    source: FromClause
    columns: tuple[ColumnElement[Any], ...]
    build: Callable[[Sequence[Any]], T]
    at: Column[Any] | None = None
    newest_first: bool = True
    only: ColumnElement[bool] | None = None


def pages(
    connection: Connection, customer_ids: Collection[int], listing: Listing[T], window: Window
) -> dict[int, Page[T]]:
    """A page for each customer that has rows in the window; the others are absent."""
    beside = window.beside or ()
    names = tuple(None if value is None else f"beside{place}" for place, value in enumerate(beside))
    form = replace(window, beside=None if window.beside is None else names)
    given = {name: value for name, value in zip(names, beside, strict=True) if name is not None}
    statement = _pages_statement(listing, form, connection.dialect.name)
    by_owner: dict[int, list[Sequence[Any]]] = {}
    for owner, *row in connection.execute(statement, {"wanted": list(customer_ids), **given}):
        by_owner.setdefault(owner, []).append(row)
    width = len(listing_keys(listing))
    return {owner: cut_page(rows, width, window, listing.build) for owner, rows in by_owner.items()}


@lru_cache(maxsize=500)
def _pages_statement(listing: Listing[Any], form: Window, dialect: str) -> Select[Any]:
    """A window's statement, with the names of parameters in the place of the values of its `beside`.

    Kept, since SQLAlchemy takes longer to build and compare a statement than to run it.
    """
    keys = listing_keys(listing)
    window = form
    if form.beside is not None:
        named = zip(form.beside, keys, strict=True)
        values = [None if name is None else bindparam(str(name), type_=key.column.type) for name, key in named]
        window = replace(form, beside=cast("KeyValues", tuple(values)))
    chosen = chosen_ids(listing, window)
    columns = (customers.c.id.label("owner"), *listing.columns, *key_columns(keys))
    if dialect == "sqlite":
        # No LATERAL there, but an IN over a correlated list drives the look-up by primary key.
        source = customers.join(listing.source, listing.id.in_(chosen))
    else:
        picked = chosen.lateral("picked")
        source = customers.join(picked, true()).join(listing.source, listing.id == picked.c.id)
    statement = select(*columns).select_from(source).where(customers.c.id.in_(bindparam("wanted", expanding=True)))
    return statement.order_by(customers.c.id, *ordering(keys, backward=window.backward))


def walked_straight(listing: Listing[Any], window: Window) -> ColumnElement[bool] | None:
    """What holds for one customer's rows of the window, where ordering them walks one index; None where it does not.

    `customers` is the enclosing statement's.
    """
    if len(listing.owners) > 1 or _is_split(listing, window):
        return None
    further = () if window.beside is None else (beyond(listing_keys(listing), window.beside, backward=window.backward),)
    return and_(listing.owners[0] == customers.c.id, _only(listing), *further)


def one_count(listing: Listing[Any]) -> ScalarSelect[int]:
    """How many rows one customer has in all; `customers` is the enclosing statement's."""
    branches = _ids(listing)
    found = (union(*branches) if len(branches) > 1 else branches[0]).subquery()
    return select(func.count()).select_from(found).correlate(customers).scalar_subquery()


def _ids(listing: Listing[Any]) -> list[Select[Any]]:
    """One customer's rows through each of the owners."""
    return [
        select(listing.id.label("id")).where(owner == customers.c.id, _only(listing)).correlate(customers)
        for owner in listing.owners
    ]


def counts(
    connection: Connection, customer_ids: Collection[int], listing: Listing[Any], up_to: int | None = None
) -> dict[int, int]:
    """How many rows each customer has; `up_to` stops counting there. Customers without any may be absent."""
    if up_to is None:
        rows = connection.execute(_counts_statement(listing), {"wanted": list(customer_ids)})
    else:
        rows = connection.execute(_capped_statement(listing), {"wanted": list(customer_ids), "up_to": up_to})
    return {row.owner: row.rows for row in rows}


@cache
def _capped_statement(listing: Listing[Any]) -> Select[Any]:
    """With a count for each customer, since only then each stops at the limit."""
    limit: BindParameter[int] = bindparam("up_to", type_=BigInteger)
    walks = [select(walk.limit(limit).subquery()) for walk in _ids(listing)]
    found = (union(*walks) if len(walks) > 1 else walks[0]).subquery()
    some = select(found.c.id).limit(limit).correlate(customers).subquery()
    counted = select(func.count()).select_from(some).correlate(customers).scalar_subquery()
    wanted = customers.c.id.in_(bindparam("wanted", expanding=True))
    return select(customers.c.id.label("owner"), counted.label("rows")).where(wanted)


@cache
def _counts_statement(listing: Listing[Any]) -> Select[Any]:
    wanted: BindParameter[int] = bindparam("wanted", expanding=True)
    branches = [
        select(owner.label("owner"), listing.id.label("id")).where(owner.in_(wanted), _only(listing))
        for owner in listing.owners
    ]
    owned = union(*branches).subquery()
    return select(owned.c.owner, func.count().label("rows")).group_by(owned.c.owner)


def listing_keys(listing: Listing[Any]) -> tuple[Key, ...]:
    """What the listing is ordered by."""
    by_id = Key(listing.id, descending=listing.newest_first)
    return (by_id,) if listing.at is None else (Key(listing.at, descending=True, nullable=True), by_id)


def chosen_ids(listing: Listing[Any], window: Window) -> Select[Any]:
    """The ids of one customer's window; `customers` is the enclosing statement's."""
    walks = [walk for owner in listing.owners for walk in _walks(listing, owner, window)]
    if len(walks) == 1:
        return select(walks[0].subquery().c.id).correlate(customers)
    # Dated and undated rows of one owner are none twice.
    joined = union_all if len(listing.owners) == 1 else union
    found = joined(*(select(walk.subquery()) for walk in walks)).subquery()
    keys = [Key(found.c.id, descending=listing.newest_first)]
    if listing.at is not None:
        keys.insert(0, Key(found.c["at"], descending=True, nullable=True))
    newest = select(found.c.id).order_by(*ordering(keys, backward=window.backward))
    return newest.limit(window.size + 1).correlate(customers)


def _is_split(listing: Listing[Any], window: Window) -> bool:
    """Dated and undated rows may follow a row, and no condition that an index begins at holds for both."""
    return window.beside is not None and listing.at is not None and bool(listing.at.nullable)


def _walks(listing: Listing[Any], owner: Column[int], window: Window) -> list[Select[Any]]:
    """Index walks; dated and undated rows apart where they are split."""
    beside = window.beside
    if beside is None or listing.at is None or not _is_split(listing, window):
        return [_walk(listing, owner, true(), listing_keys(listing), window)]
    dated, undated = listing_keys(listing), (Key(listing.id, descending=listing.newest_first),)
    walks = []
    if beside[0] is not None or window.backward:
        start = None if beside[0] is None else beside
        walks.append(_walk(listing, owner, listing.at.is_not(None), dated, replace(window, beside=start)))
    if beside[0] is None or not window.backward:
        start = beside[1:] if beside[0] is None else None
        walks.append(_walk(listing, owner, listing.at.is_(None), undated, replace(window, beside=start)))
    return walks


def _walk(
    listing: Listing[Any], owner: Column[int], part: ColumnElement[bool], keys: Sequence[Key], window: Window
) -> Select[Any]:
    columns = [listing.id.label("id")] if listing.at is None else [listing.id.label("id"), listing.at.label("at")]
    rows = select(*columns).where(owner == customers.c.id, part, _only(listing))
    if window.beside is not None:
        known = [replace(key, nullable=False) for key in keys]
        rows = rows.where(beyond(known, window.beside, backward=window.backward))
    return rows.order_by(*ordering(keys, backward=window.backward)).limit(window.size + 1).correlate(customers)


def _only(listing: Listing[Any]) -> ColumnElement[bool]:
    return true() if listing.only is None else listing.only

"""Which customer is part of which, and who works where: a group, its companies, their branches and their people."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, func, select

from kehu.reader.columns import mapped
from kehu.reader.keyset import Key, Page, Window, read_page
from kehu.reader.listings import Listing, pages
from kehu.store.counting import count_rows
from kehu.tables.facts import customer_records, source_records
from kehu.tables.golden import customer_links, refused_links

Relation = Literal["parent", "employer"]
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Link:
    """That a customer is part of another (kind "parent") or works there ("employer"), by the record that says so."""

    customer_id: int
    kind: str
    other_id: int
    record_id: int


@dataclass(frozen=True, slots=True)
class SaidBy:
    """A department's record, by its system and its key there."""

    system: str
    key: str


@dataclass(frozen=True, slots=True)
class RefusedLink:
    """What a record says of a parent or employer that cannot be; `reason` is one of REFUSED_BECAUSE."""

    record_id: int
    system: str
    key: str
    customer_id: int | None
    kind: str
    named: str
    reason: str


_LINK = mapped(Link, customer_links)
REFUSED_KEYS = (Key(refused_links.c.record_id), Key(refused_links.c.kind))
_REFUSED_COLUMNS = (
    refused_links.c.record_id,
    source_records.c.system,
    source_records.c.key,
    customer_records.c.customer_id,
    refused_links.c.kind,
    refused_links.c.named,
    refused_links.c.reason,
)


def _below(kind: Relation) -> Listing[Link]:
    """The customers that name another so, by their ids."""
    return Listing(
        customer_links.c.customer_id,
        (customer_links.c.other_id,),
        customer_links,
        _LINK.columns,
        _LINK.build,
        newest_first=False,
        only=customer_links.c.kind == kind,
    )


CHILDREN, PEOPLE = _below("parent"), _below("employer")


def parent_of(connection: Connection, customer_ids: Collection[int]) -> dict[int, Link]:
    """The link of each customer to the one that it is part of; customers without a parent are absent."""
    return _above(connection, customer_ids, "parent")


def employer_of(connection: Connection, customer_ids: Collection[int]) -> dict[int, Link]:
    """The link of each person to the customer where it works; customers without an employer are absent."""
    return _above(connection, customer_ids, "employer")


def children_of(connection: Connection, customer_ids: Collection[int], window: Window) -> dict[int, Page[Link]]:
    """A page of the customers that are part of each, by id; customers without any are absent."""
    return pages(connection, customer_ids, CHILDREN, window)


def people_of(connection: Connection, customer_ids: Collection[int], window: Window) -> dict[int, Page[Link]]:
    """A page of the customers that work at each, by id; customers without any are absent."""
    return pages(connection, customer_ids, PEOPLE, window)


def parents_above(connection: Connection, customer_ids: Collection[int]) -> dict[int, tuple[int, ...]]:
    """The ids of the customers above each, the nearest first: a branch's company, then its group.

    Customers without a parent are absent. A query per generation.
    """
    above: dict[int, tuple[int, ...]] = {}
    tops = {each: each for each in customer_ids}
    for _ in range(_DEEPEST):
        links = parent_of(connection, set(tops.values()))
        tops = {each: links[top].other_id for each, top in tops.items() if top in links}
        above |= {each: (*above.get(each, ()), top) for each, top in tops.items()}
        if not tops:
            break
    return above


def said_by(connection: Connection, record_ids: Collection[int]) -> dict[int, SaidBy]:
    """What the departments call the records that links come from."""
    columns = (source_records.c.id, source_records.c.system, source_records.c.key)
    rows = connection.execute(select(*columns).where(source_records.c.id.in_(record_ids)))
    return {row.id: SaidBy(row.system, row.key) for row in rows}


def refused_links_page(connection: Connection, window: Window) -> Page[RefusedLink]:
    """What records say of parents and employers that cannot be, by record."""
    joined = refused_links.join(source_records, source_records.c.id == refused_links.c.record_id).join(
        customer_records, customer_records.c.id == refused_links.c.record_id
    )
    wanted = select(*_REFUSED_COLUMNS).select_from(joined)
    return read_page(connection, wanted, REFUSED_KEYS, window, lambda row: RefusedLink(*row[: len(_REFUSED_COLUMNS)]))


def count_refused_links(connection: Connection, *, up_to: int | None = None) -> int:
    """How many rows `refused_links_page` pages through; `up_to` stops counting there."""
    return count_rows(connection, select(refused_links.c.record_id), up_to=up_to)


def link_counts(connection: Connection) -> dict[str, int]:
    """How many links of each kind there are, and, as "refused", how many claims of records are none."""
    kinds = select(customer_links.c.kind, func.count()).group_by(customer_links.c.kind)
    found = {str(kind): int(number) for kind, number in connection.execute(kinds)}
    return {"parent": 0, "employer": 0, **found, "refused": count_refused_links(connection)}


def _above(connection: Connection, customer_ids: Collection[int], kind: Relation) -> dict[int, Link]:
    query = _LINK.select().where(customer_links.c.customer_id.in_(customer_ids), customer_links.c.kind == kind)
    return {row.customer_id: _LINK.build(row) for row in connection.execute(query)}

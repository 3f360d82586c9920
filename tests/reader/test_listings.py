"""Lists that hang on customers: order, pages, undated rows, roles."""

from typing import Any

import pytest
from sqlalchemy import Connection

from kehu.reader.events import COMPLAINTS, SHIPMENTS, VISITS
from kehu.reader.keyset import Window
from kehu.reader.listings import Listing, counts, pages
from kehu.reader.memberships import MEMBERSHIP_HISTORY
from kehu.reader.people import CONTACTS
from kehu.reader.provenance import IDENTIFIERS, SOURCE_RECORDS
from kehu.reader.warnings import ALL_WARNINGS, OPEN_WARNINGS

EVERYONE = tuple(range(1, 13))
LISTS: dict[str, Listing[Any]] = {
    "any": SHIPMENTS["any"],
    "shipper": SHIPMENTS["shipper"],
    "consignee": SHIPMENTS["consignee"],
    "payer": SHIPMENTS["payer"],
    "complaints": COMPLAINTS,
    "visits": VISITS,
    "contacts": CONTACTS,
    "identifiers": IDENTIFIERS,
    "records": SOURCE_RECORDS,
    "history": MEMBERSHIP_HISTORY,
    "warnings": ALL_WARNINGS,
    "open warnings": OPEN_WARNINGS,
}
EXPECTED: dict[str, dict[int, list[int]]] = {
    "any": {1: [7, 6, 3, 2, 1, 5, 4], 2: [3, 2, 1, 4], 3: [6, 2, 5]},
    "shipper": {1: [7, 2, 1, 5, 4], 2: [3], 3: [6]},
    "consignee": {1: [7, 6, 3], 2: [1, 4], 3: [2, 5]},
    "payer": {1: [7, 1, 5], 2: [3, 2], 3: [6]},
    "complaints": {1: [8, 1, 6], 2: [2, 7], 3: [3, 4], 4: [5]},
    "visits": {1: [2, 1], 2: [3, 4], 3: [5], 4: [6]},
    "contacts": {1: [201, 202], 2: [203]},
    "identifiers": {1: [1, 2, 3, 4, 5], 2: [6, 7, 8], 5: [9]},
    "records": {1: [101, 121], **{number: [100 + number] for number in range(2, 13)}},
    "history": {1: [13, 2, 1], 2: [14, 3], 3: [4], **{number: [number] for number in range(5, 13)}},
    "warnings": {1: [4], 2: [3, 1], 3: [2]},
    "open warnings": {2: [3, 1], 3: [2]},
}


@pytest.mark.parametrize("name", LISTS)
def test_each_customer_gets_the_list_in_its_order(connection: Connection, name: str) -> None:
    found = pages(connection, EVERYONE, LISTS[name], Window(20))
    assert {owner: [row.id for row in page.rows] for owner, page in found.items()} == EXPECTED[name]
    assert not any(page.has_more for page in found.values())


@pytest.mark.parametrize("name", LISTS)
def test_counts_are_those_of_the_whole_list(connection: Connection, name: str) -> None:
    assert counts(connection, EVERYONE, LISTS[name]) == {owner: len(ids) for owner, ids in EXPECTED[name].items()}


@pytest.mark.parametrize("name", LISTS)
def test_counts_stop_where_they_are_told_to(connection: Connection, name: str) -> None:
    for limit in (1, 2, 9):
        found = counts(connection, EVERYONE, LISTS[name], limit)
        expected = {owner: min(len(ids), limit) for owner, ids in EXPECTED[name].items()}
        assert {owner: count for owner, count in found.items() if count} == expected


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_forward_and_backward_cover_the_list_once(connection: Connection, name: str, size: int) -> None:
    for owner, expected in EXPECTED[name].items():
        assert _walk(connection, owner, LISTS[name], size, backward=False) == expected
        assert _walk(connection, owner, LISTS[name], size, backward=True) == expected


def _walk(connection: Connection, owner: int, listing: Listing[Any], size: int, *, backward: bool) -> list[int]:
    ids: list[int] = []
    window = Window(size, backward=backward)
    while True:
        page = pages(connection, [owner], listing, window)[owner]
        found = [row.id for row in page.rows]
        ids = found + ids if backward else ids + found
        if not page.has_more:
            return ids
        window = Window(size, page.keys[0] if backward else page.keys[-1], backward=backward)


def test_a_page_of_nothing_tells_that_there_is_more(connection: Connection) -> None:
    page = pages(connection, [1], SHIPMENTS["any"], Window(0))[1]
    assert (page.rows, page.has_more) == ((), True)

"""Parents and employers by what records say of them, through loads, merges and circles."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select, text

from kehu.store.customers import ResolvedCounts
from kehu.store.load import FileCounts
from kehu.tables.facts import CLAIMS_A_LINK, customers, source_records
from kehu.tables.golden import customer_links, refused_links

Row = dict[str, object]
LoadFiles = Callable[..., tuple[list[FileCounts], ResolvedCounts | None]]
CODE, OTHER_CODE = "91350100M000100Y43", "91310000MA1FL1X77F"


def crm(*rows: Row) -> tuple[str, dict[str, list[Row]]]:
    """Rows of the CRM's customer list, named by their keys."""
    return "crm", {"customer": [{"name": row["key"], **row} for row in rows]}


def part_of(key: str, parent: str, **more: object) -> Row:
    """A customer that names its parent by its key in the CRM."""
    return {"key": key, "parent_system": "crm", "parent_key": parent, **more}


def links(database: Engine) -> list[tuple[str, str, str]]:
    """(name, kind, name of the other) of every link."""
    other = customers.alias("other")
    query = (
        select(customers.c.name, customer_links.c.kind, other.c.name)
        .join(customer_links, customer_links.c.customer_id == customers.c.id)
        .join(other, other.c.id == customer_links.c.other_id)
    )
    with database.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(query))


def refused(database: Engine) -> list[tuple[str, str, str]]:
    """(record's key, whom it names, why not) of every refused link."""
    query = select(source_records.c.key, refused_links.c.named, refused_links.c.reason).join(
        source_records, source_records.c.id == refused_links.c.record_id
    )
    with database.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(query))


@pytest.mark.parametrize(
    ("_case", "rows", "found", "not_found"),
    [
        ("a group, a company, a branch", [{"key": "g"}, part_of("c", "g"), part_of("b", "c")],
         [("b", "parent", "c"), ("c", "parent", "g")], []),
        ("by tax code", [{"key": "g", "tax_code": CODE}, {"key": "c", "parent_tax_code": CODE.lower()}],
         [("c", "parent", "g")], []),
        ("by a code of whatever system", [{"key": "g"}, {"key": "c", "parent_code": "g"}], [("c", "parent", "g")], []),
        ("a person at a company", [{"key": "g"}, {"key": "p", "kind": "person", "employer_code": "g"}],
         [("p", "employer", "g")], []),
        ("its own parent", [part_of("c", "c")], [], [("c", "crm:c", "itself")]),
        ("nobody", [part_of("c", "x"), {"key": "d", "parent_tax_code": CODE}, {"key": "e", "employer_code": "z"}], [],
         [("c", "crm:x", "unknown"), ("d", CODE, "unknown"), ("e", "z", "unknown")]),
        ("two in a circle", [part_of("a", "b"), part_of("b", "a")], [],
         [("a", "crm:b", "circle"), ("b", "crm:a", "circle")]),
        ("below a circle", [part_of("a", "b"), part_of("b", "c"), part_of("c", "b"), part_of("d", "a")],
         [("a", "parent", "b"), ("d", "parent", "a")], [("b", "crm:c", "circle"), ("c", "crm:b", "circle")]),
        ("circles are of one kind", [part_of("a", "b"), {"key": "b", "employer_code": "a"}],
         [("a", "parent", "b"), ("b", "employer", "a")], []),
    ],
)  # fmt: skip
def test_links_are_those_that_can_be(
    _case: str,
    rows: list[Row],
    found: list[tuple[str, str, str]],
    not_found: list[tuple[str, str, str]],
    database: Engine,
    load_files: LoadFiles,
) -> None:
    load_files(database, crm(*rows))
    assert (links(database), refused(database)) == (found, not_found)


def test_the_order_of_loads_makes_no_difference(database: Engine, load_files: LoadFiles) -> None:
    load_files(database, crm(part_of("b", "c"), part_of("c", "g")))
    assert (links(database), refused(database)) == ([("b", "parent", "c")], [("c", "crm:g", "unknown")])
    load_files(database, crm({"key": "g"}))
    assert (links(database), refused(database)) == ([("b", "parent", "c"), ("c", "parent", "g")], [])


def test_a_merge_takes_links_along_and_parting_brings_them_back(database: Engine, load_files: LoadFiles) -> None:
    load_files(database, crm({"key": "g"}, {"key": "h"}, part_of("c", "h"), part_of("d", "g")))
    apart = [("c", "parent", "h"), ("d", "parent", "g")]
    assert links(database) == apart
    load_files(database, crm({"key": "h", "same_as_system": "crm", "same_as_key": "g"}))
    assert links(database) == [("c", "parent", "g"), ("d", "parent", "g")]
    load_files(database, crm({"key": "h"}))
    assert links(database) == apart


def test_a_branch_that_is_joined_with_its_company_is_no_part_of_itself(database: Engine, load_files: LoadFiles) -> None:
    load_files(database, crm({"key": "g"}, part_of("c", "g")))
    load_files(database, crm(part_of("c", "g", same_as_system="crm", same_as_key="g")))
    assert (links(database), refused(database)) == ([], [("c", "crm:g", "itself")])


def test_two_records_that_name_two_parents(database: Engine, load_files: LoadFiles) -> None:
    same = {"same_as_system": "crm", "same_as_key": "b"}
    load_files(database, crm({"key": "g"}, {"key": "h"}, part_of("b", "h"), part_of("c", "g", **same)))
    assert (links(database), refused(database)) == ([("b", "parent", "h")], [("c", "crm:g", "overruled")])


def test_a_code_of_several_customers_names_none(database: Engine, load_files: LoadFiles) -> None:
    load_files(database, crm({"key": "7"}, {"key": "c", "parent_code": "7"}), ("tms", {"customer": [{"key": "7"}]}))
    assert (links(database), refused(database)) == ([], [("c", "7", "ambiguous")])


def test_a_customers_uid_is_a_code_of_it(database: Engine, load_files: LoadFiles) -> None:
    load_files(database, crm({"key": "g"}))
    with database.connect() as connection:
        uid = connection.execute(select(customers.c.uid)).scalar_one()
    load_files(database, crm({"key": "c", "parent_code": uid.upper()}))
    assert links(database) == [("c", "parent", "g")]


def test_records_that_claim_nothing_are_never_looked_at(new_sqlite: Callable[[], Engine]) -> None:
    query = f"EXPLAIN QUERY PLAN SELECT id FROM customer_records WHERE {CLAIMS_A_LINK}"
    with new_sqlite().connect() as connection:
        (row,) = connection.execute(text(query)).all()
    assert "ix_customer_records_links" in row.detail

"""Everything that is held of one customer, for whoever asks what is held of them."""

from collections.abc import Iterable
from decimal import Decimal

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, or_, select

from kehu.model.problems import Place
from kehu.pipeline.named_customer import named_customer
from kehu.pipeline.transactions import Database, reading
from kehu.reader.features import all_served, values_of
from kehu.store.identified import records_of
from kehu.store.identity_decisions import RecordName, all_decisions
from kehu.tables.facts import (
    complaints,
    contacts,
    customer_aliases,
    customer_records,
    customers,
    identifiers,
    shipments,
    source_records,
    visits,
)
from kehu.tables.golden import corrections, golden_values
from kehu.tables.overrides import overrides
from kehu.tables.runs import memberships, warnings
from kehu.workspace.workspace import Workspace

Row = dict[str, object]
_OWN = (golden_values, customer_aliases, identifiers, contacts, complaints, visits, memberships, warnings, overrides)
_ROLES = ("shipper_id", "consignee_id", "payer_id")


def subject_document(workspace: Workspace, database: Database, customer: str) -> dict[str, Row | list[Row]]:
    """By table the customer's rows, everything as it is stored; instants are UTC, amounts in minor units.

    Raises RefusedError for a text that names no customer or several.
    """
    with reading(database) as connection:
        region = workspace.settings.phone_region
        number = named_customer(connection, customer, region, Place("CUSTOMER")).customer_id
        document: dict[str, Row | list[Row]] = {"customer": _rows(connection, customers, customers.c.id == number)[0]}
        document["records"] = _records(connection, number)
        for table in _OWN:
            document[table.name] = _rows(connection, table, table.c.customer_id == number)
        document["features"] = _features(connection, number)
        mine = or_(*(shipments.c[role] == number for role in _ROLES))
        document["shipments"] = _rows(connection, shipments, mine)
        names = set(records_of(connection, number))
        document["decisions"] = _decisions(connection, names)
        corrected = _rows(connection, corrections, corrections.c.id > 0)
        document["corrections"] = [
            row for row in corrected if RecordName(str(row["origin"]), str(row["system"]), str(row["key"])) in names
        ]
    return document


def _records(connection: Connection, number: int) -> list[Row]:
    joined = customer_records.join(source_records, source_records.c.id == customer_records.c.id)
    columns = (source_records.c.system, source_records.c.key, customer_records)
    query = select(*columns).select_from(joined).where(customer_records.c.customer_id == number)
    return _plain(connection.execute(query.order_by(customer_records.c.id)).mappings())


def _features(connection: Connection, number: int) -> list[Row]:
    served = tuple(all_served(connection).values())
    values = values_of(connection, [number], served).get(number, ())
    exact = [str(value) if isinstance(value, Decimal) else value for value in values]
    told = zip(served[: len(exact)], exact, strict=True)
    return [{"code": each.code, "meaning": each.meaning, "value": value, "as_of": each.as_of} for each, value in told]


def _rows(connection: Connection, table: Table, which: ColumnElement[bool]) -> list[Row]:
    return _plain(connection.execute(select(table).where(which).order_by(*table.primary_key)).mappings())


def _plain(rows: Iterable[RowMapping]) -> list[Row]:
    return [{str(name): value for name, value in row.items()} for row in rows]


def _decisions(connection: Connection, names: set[RecordName]) -> list[Row]:
    return [
        {
            "id": each.id,
            "kind": each.kind,
            "left": str(each.left),
            "right": str(each.right),
            "reason": each.reason,
            "author": each.author,
            "created_at": each.created_at,
            "ended_at": each.ended_at,
        }
        for each in all_decisions(connection)
        if {each.left, each.right} & names
    ]

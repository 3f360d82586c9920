"""Where things come from: identifiers, source records and rows that did not fit."""

from datetime import datetime

import strawberry

from kehu.reader import golden, provenance
from kehu_graphql.nodes import Node, node_id
from kehu_graphql.scalars import BigInt


@strawberry.type(description="A value that names a customer, in its comparable form.")
class Identifier(Node):
    kind: str = strawberry.field(
        description="source_key, phone, email, tax_code or name_key: a name that records spell otherwise than shown."
    )
    system: str | None = strawberry.field(description='For a source key the department, e.g. "crm".')
    value: str = strawberry.field(description='E.g. "+8613912345600".')


@strawberry.type(description="A department's row that a customer is made of.")
class SourceRecord(Node):
    system: str = strawberry.field(description='The department\'s system, e.g. "crm".')
    entity: str = strawberry.field(
        description="customer: a row of a customer list; mention: a customer named on another record."
    )
    key: str = strawberry.field(description="The row's key in that system.")
    origin: str = strawberry.field(
        description="file: a row of a customer list; mention: a customer named on another record."
    )
    name: str | None = strawberry.field(description="The customer's name as written there.")
    file: str = strawberry.field(description="The file it was read from.")
    line: BigInt = strawberry.field(description="Where in the file, from 1.")
    loaded_at: datetime | None = strawberry.field(description="When it was last read, UTC.")


@strawberry.type(description="A row that did not fit and was kept aside, so that nothing is lost.")
class QuarantinedRow(Node):
    source: str = strawberry.field(description="The source that read it.")
    file: str = strawberry.field(description="The file it stands in.")
    line: BigInt = strawberry.field(description="Where in the file, from 1.")
    column: str | None = strawberry.field(description="The column that did not fit; null when the whole row did not.")
    value: str | None = strawberry.field(description="What stood there.")
    reason: str = strawberry.field(description="Why it does not fit.")
    row: str = strawberry.field(description="The row as it stood.")


@strawberry.type(description="What was read from one source in all: read = loaded + unchanged + quarantined + refused.")
class SourceStatistics:
    source: str = strawberry.field(description="The source's name.")
    batches: BigInt = strawberry.field(description="Files read, counting each time.")
    read: BigInt = strawberry.field(description="Rows read.")
    loaded: BigInt = strawberry.field(description="Rows new or changed.")
    unchanged: BigInt = strawberry.field(description="Rows already known as they are.")
    quarantined: BigInt = strawberry.field(description="Rows that did not fit.")
    refused: BigInt = strawberry.field(description="Rows of erased persons, of which nothing is kept.")
    last_finished_at: datetime | None = strawberry.field(description="When it was last read, UTC.")


@strawberry.type(description="What a person says a value is, instead of the departments.")
class Correction:
    number: int = strawberry.field(description="Counts up; `correctionsEnd` takes it.")
    author: str = strawberry.field(description="Who says it.")
    reason: str = strawberry.field(description="Why, in the author's words.")
    created_at: datetime = strawberry.field(description="Since when, UTC.")


@strawberry.type(description="A value of a customer, where it comes from and what chose it.")
class GoldenValue:
    field: str = strawberry.field(description='E.g. "phone", "name" or "owner".')
    value: str | None = strawberry.field(
        description="As text: consent true or false, of the owner the employee number, null where nobody has it."
    )
    rule: str = strawberry.field(description='What chose it among the records, e.g. "priority", or "correction".')
    system: str | None = strawberry.field(description='The system of the record that says it, e.g. "crm"; else null.')
    key: str | None = strawberry.field(description="The record's key there; null where no record says it.")
    correction: Correction | None = strawberry.field(description="The correction that says it; null for none.")


def golden_value(row: golden.GoldenValue) -> GoldenValue:
    """A value with its source as clients see it."""
    said = row.correction
    correction = (
        None
        if said is None
        else Correction(number=said.id, author=said.author, reason=said.reason, created_at=said.created_at)
    )
    return GoldenValue(
        field=row.field, value=row.value, rule=row.rule, system=row.system, key=row.key, correction=correction
    )


def identifier_node(row: provenance.Identifier) -> Identifier:
    """An identifier as clients see it."""
    return Identifier(id=node_id("Identifier", row.id), kind=row.kind, system=row.system, value=row.value)


def source_record_node(row: provenance.SourceRecord) -> SourceRecord:
    """A source record as clients see it."""
    return SourceRecord(
        id=node_id("SourceRecord", row.id),
        system=row.system,
        entity=row.entity,
        key=row.key,
        origin=row.origin,
        name=row.name,
        file=row.file,
        line=BigInt(row.line),
        loaded_at=row.loaded_at,
    )


def quarantined_node(row: provenance.QuarantinedRow) -> QuarantinedRow:
    """A quarantined row as clients see it."""
    return QuarantinedRow(
        id=node_id("QuarantinedRow", row.id),
        source=row.source,
        file=row.file,
        line=BigInt(row.line),
        column=row.column,
        value=row.value,
        reason=row.reason,
        row=row.row,
    )


def source_statistics_value(row: provenance.SourceStatistics) -> SourceStatistics:
    """A source's figures as clients see them."""
    return SourceStatistics(
        source=row.source,
        batches=BigInt(row.batches),
        read=BigInt(row.read),
        loaded=BigInt(row.loaded),
        unchanged=BigInt(row.unchanged),
        quarantined=BigInt(row.quarantined),
        refused=BigInt(row.refused),
        last_finished_at=row.last_finished_at,
    )

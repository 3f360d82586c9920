"""Root fields on people, loading and figures."""

import strawberry

from kehu.reader import hierarchy, people, provenance, statistics
from kehu_graphql.connections import DEFAULT_FIRST, Connection, Paging, connection
from kehu_graphql.context import Info
from kehu_graphql.cursors import Cursors
from kehu_graphql.fields import resolved
from kehu_graphql.types.hierarchy import RefusedTie, refused_tie
from kehu_graphql.types.people import Employee, employee_by_number, employee_node
from kehu_graphql.types.provenance import (
    QuarantinedRow,
    SourceStatistics,
    quarantined_node,
    source_statistics_value,
)
from kehu_graphql.types.statistics import ShipmentStatistics, shipment_statistics_value

_EMPLOYEE_CURSORS = Cursors("employees", ("text",))
_QUARANTINE_CURSORS = Cursors("quarantine", ("whole",))
_REFUSED_CURSORS = Cursors("refusedTies", ("whole", "text"))


@strawberry.type
class LoadingQueries:
    """Mixed into the root query."""

    @resolved("One of our people by employee number; null when there is none.")
    async def employee(self, info: Info, number: str) -> Employee | None:
        return await employee_by_number(info.context, number)

    @resolved("Our people by employee number; `department` is a department's name.")
    async def employees(
        self, info: Info, department: str | None = None, first: int | None = DEFAULT_FIRST, after: str | None = None
    ) -> Connection[Employee]:
        window = Paging(first, after).window(_EMPLOYEE_CURSORS)
        reads = info.context.reads
        page = await reads.once(people.employee_page, department, window)
        return connection(
            page,
            employee_node,
            window,
            _EMPLOYEE_CURSORS,
            lambda up_to: reads.once(people.count_employees, department, up_to=up_to),
        )

    @resolved("Rows that did not fit, the last read first; `source` is a source's name.")
    async def quarantine(
        self, info: Info, source: str | None = None, first: int | None = DEFAULT_FIRST, after: str | None = None
    ) -> Connection[QuarantinedRow]:
        window = Paging(first, after).window(_QUARANTINE_CURSORS)
        reads = info.context.reads
        page = await reads.once(provenance.quarantine_page, source, window)
        return connection(
            page,
            quarantined_node,
            window,
            _QUARANTINE_CURSORS,
            lambda up_to: reads.once(provenance.count_quarantine, source, up_to=up_to),
        )

    @resolved("What records say of parents and employers that cannot be, and why, record by record.")
    async def refused_ties(
        self, info: Info, first: int | None = DEFAULT_FIRST, after: str | None = None
    ) -> Connection[RefusedTie]:
        window = Paging(first, after).window(_REFUSED_CURSORS)
        reads = info.context.reads
        page = await reads.once(hierarchy.refused_links_page, window)
        return connection(
            page,
            refused_tie,
            window,
            _REFUSED_CURSORS,
            lambda up_to: reads.once(hierarchy.count_refused_links, up_to=up_to),
        )

    @resolved("What was read from each source, by name.")
    async def sources(self, info: Info) -> list[SourceStatistics]:
        rows = await info.context.reads.once(provenance.source_statistics)
        return [source_statistics_value(row) for row in rows]

    @resolved("Figures over all shipments.")
    async def shipment_statistics(self, info: Info) -> ShipmentStatistics:
        return shipment_statistics_value(await info.context.reads.once(statistics.shipment_statistics))

"""Exact figures over all shipments."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from kehu.tables.facts import shipments


@dataclass(frozen=True, slots=True)
class ShipmentStatistics:
    """Counts of shipments; on time means delivered at or before the promised instant."""

    shipments: int
    with_both_dates: int
    on_time: int

    @property
    def on_time_rate(self) -> float | None:
        """Over shipments with both dates; None when there is none, which is not the same as never on time."""
        return self.on_time / self.with_both_dates if self.with_both_dates else None


def shipment_statistics(connection: Connection) -> ShipmentStatistics:
    """Over every shipment loaded, whatever its status."""
    both = and_(shipments.c.promised_at.is_not(None), shipments.c.delivered_at.is_not(None))
    on_time = and_(both, shipments.c.delivered_at <= shipments.c.promised_at)
    count = func.count()
    row = connection.execute(select(count, count.filter(both), count.filter(on_time)).select_from(shipments)).one()
    return ShipmentStatistics(*row)

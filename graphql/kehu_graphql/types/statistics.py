"""Exact figures over everything."""

import strawberry

from kehu.reader import statistics
from kehu_graphql.scalars import BigInt


@strawberry.type(description="Figures over all shipments.")
class ShipmentStatistics:
    shipments: BigInt = strawberry.field(description="Shipments loaded.")
    with_both_dates: BigInt = strawberry.field(description="Shipments with a promised and a delivered instant.")
    on_time: BigInt = strawberry.field(description="Of those, shipments delivered at or before the promised instant.")
    on_time_rate: float | None = strawberry.field(
        description="onTime over withBothDates, 0 to 1; null while no shipment has both dates."
    )


def shipment_statistics_value(row: statistics.ShipmentStatistics) -> ShipmentStatistics:
    """The figures as clients see them."""
    return ShipmentStatistics(
        shipments=BigInt(row.shipments),
        with_both_dates=BigInt(row.with_both_dates),
        on_time=BigInt(row.on_time),
        on_time_rate=row.on_time_rate,
    )

"""What resolvers get with each request."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from strawberry.types.info import Info as StrawberryInfo

from kehu.reader import customers
from kehu.workspace.served import Served
from kehu_graphql.desk import WriteDesk
from kehu_graphql.presence import Presence
from kehu_graphql.reads import Reads
from kehu_graphql.subscriptions.watcher import Watcher

if TYPE_CHECKING:
    from kehu_graphql.exports.exporter import Exporter
    from kehu_graphql.types.customer import Customer


@dataclass(frozen=True, slots=True)
class Context:
    """One request's reads, and what the server was given beside them.

    `as_customer` is handed in because events refer to customers, whose type lists events. `author` is whom the request
    names as the person who asks, "" for nobody; `desk` takes changes, None where there shall be none. `watcher` tells
    subscriptions when to look again. `presence` knows whether the client still waits; None where others look after it.
    `exporter` writes exports, None where there shall be none.
    """

    reads: Reads
    served: Served
    as_customer: "Callable[[customers.Customer], Customer]"
    author: str
    desk: WriteDesk | None
    watcher: Watcher
    presence: Presence | None = None
    exporter: "Exporter | None" = None

    def anew(self) -> "Context":
        """The same for another operation on the same connection, which reads for itself."""
        return replace(self, reads=self.reads.anew())

    async def now(self) -> datetime:
        """The clock's instant, one for the whole request; the clock may look into the database."""
        return await self.reads.aside(self.served.clock)


Info = StrawberryInfo[Context, None]


async def customer_by_id(context: Context, key: int | None) -> "Customer | None":
    """None for no key and for an unknown one."""
    found = None if key is None else await context.reads.one(customers.customers_by_id, key)
    return None if found is None else context.as_customer(found)

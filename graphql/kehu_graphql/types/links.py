"""The customer as other types refer to it: by name, because its own type refers to them."""

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from kehu_graphql.types.customer import Customer

CustomerLink = Annotated["Customer", strawberry.lazy("kehu_graphql.types.customer")]

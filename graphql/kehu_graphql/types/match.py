"""Customers found by an identifier."""

import strawberry

from kehu_graphql.types.customer import Customer


@strawberry.type(description="A customer that a text may mean, and why.")
class IdentifierMatch:
    kind: str = strawberry.field(
        description="What the text was taken for, e.g. phone; uid for the customer's own id, name for the name shown, "
        "name_key for one that records spell otherwise."
    )
    system: str | None = strawberry.field(description="For a source key, the department.")
    value: str = strawberry.field(description="The identifier in its comparable form.")
    customer: Customer = strawberry.field(description="Whom it names.")

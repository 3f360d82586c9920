"""Customers' values corrected, and books handed over."""

import strawberry
from sqlalchemy import Connection

from kehu.model.problems import Place, Problem, RefusedError
from kehu.pipeline.books import hand_over
from kehu.pipeline.correcting import correct, uncorrect
from kehu.pipeline.deciding_identity import Because
from kehu.reader.customers import customers_by_id
from kehu.reader.people import employees_by_number
from kehu_graphql.changing import changed, made_anew
from kehu_graphql.context import Info
from kehu_graphql.desk import Answer, WriteDesk
from kehu_graphql.fields import change, resolved
from kehu_graphql.mutations.versions import VERSION, check_version
from kehu_graphql.nodes import customer_text
from kehu_graphql.types.change import Payload, ReasonedInput
from kehu_graphql.types.customer import Customer, customer_node
from kehu_graphql.types.identity import customer_by_uid
from kehu_graphql.types.people import Employee, employee_node

_SHOWN = 200
_WORDS = {"--reason": "input.reason", "--author": "header"}
_CORRECTING = {**_WORDS, "CUSTOMER": "input.customer", "FIELD": "input.field", "VALUE": "input.value"}
_BOOKS = {**_WORDS, "FROM": "input.from", "TO": "input.to", "CUSTOMERS": "input.customers"}


@strawberry.input(description="What a customer's value ought to be.")
class CustomerCorrectInput(ReasonedInput):
    customer: str = strawberry.field(description="A node id, uid, account, tax code, phone, e-mail or whole name.")
    field: str = strawberry.field(description='Which value, e.g. "phone", "name", "region", "owner" or "consent".')
    value: str = strawberry.field(description='What it is, e.g. "+8613800138000"; for the owner an employee number.')
    expected_version: str | None = strawberry.field(default=None, description=VERSION)


@strawberry.input(description="Corrections that shall no longer count.")
class CorrectionsEndInput(ReasonedInput):
    numbers: list[int] = strawberry.field(description="Of corrections.")


@strawberry.input(description="A book to hand over.")
class BookHandOverInput(ReasonedInput):
    from_: str = strawberry.field(name="from", description="Employee number of who has it.")
    to: str = strawberry.field(description="Employee number of who gets it.")
    customers: list[str] | None = strawberry.field(
        default=None, description="Only these of the book, by uid or a department's key; null for all."
    )


@strawberry.type(description="A value corrected.")
class CustomerCorrectPayload(Payload):
    @resolved("The correction's number, by which it is taken back; null where it was refused, and in a dry run.")
    async def correction(self) -> int | None:
        return self.answer.get("correction")

    @resolved("The customer as it is now; null where it was refused.")
    async def customer(self, info: Info) -> Customer | None:
        return await customer_by_uid(info.context, self.answer.get("customer", ""))


@strawberry.type(description="Corrections taken back.")
class CorrectionsEndPayload(Payload): ...


@strawberry.type(description="A book handed over.")
class BookHandOverPayload(Payload):
    @resolved("How many customers went over.")
    async def customers_moved(self) -> int:
        return int(self.answer.get("moved", 0))

    @resolved("The first 200 of them, as they are now.")
    async def customers(self, info: Info) -> list[Customer]:
        keys = self.answer.get("customers", ())
        found = [await info.context.reads.one(customers_by_id, key) for key in keys]
        return [customer_node(row) for row in found if row is not None]

    @resolved("Who got it; null where it was refused.")
    async def owner(self, info: Info) -> Employee | None:
        found = await info.context.reads.one(employees_by_number, self.answer.get("to", ""))
        return None if found is None else employee_node(found)


@strawberry.type
class CustomerMutations:
    """Mixed into the root mutation."""

    @change("Correct a value of a customer; it wins over what departments say until it is taken back.")
    async def customer_correct(self, info: Info, input: CustomerCorrectInput) -> CustomerCorrectPayload:  # noqa: A002 (its name in the schema)
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            told = (customer_text(input.customer), input.field, input.value)
            check_version(desk, connection, told[0], input.expected_version, "input.expectedVersion")
            because = Because(info.context.author, input.reason)
            done = correct(desk.workspace, connection, told, because, clock=desk.clock)
            return {"customer": done.customer, **made_anew(input, {"correction": done.id})}

        return await changed(info.context, "customerCorrect", input, make, CustomerCorrectPayload, _CORRECTING)

    @change("Take corrections back: what departments say counts again, or an earlier correction.")
    async def corrections_end(self, info: Info, input: CorrectionsEndInput) -> CorrectionsEndPayload:  # noqa: A002
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            because = Because(info.context.author, input.reason)
            uncorrect(desk.workspace, connection, input.numbers, because, clock=desk.clock)
            return {}

        paths = {**_WORDS, "NUMBER": "input.numbers"}
        return await changed(info.context, "correctionsEnd", input, make, CorrectionsEndPayload, paths)

    @change("Let one employee own what another does, history and all; each customer gets a correction of its owner.")
    async def book_hand_over(self, info: Info, input: BookHandOverInput) -> BookHandOverPayload:  # noqa: A002
        def make(desk: WriteDesk, connection: Connection) -> Answer:
            because = Because(info.context.author, input.reason)
            only = _only(input.customers)
            ends = (input.from_, input.to)
            moved = hand_over(desk.workspace, connection, ends, because, clock=desk.clock, only=only)
            return {"moved": len(moved), "customers": list(moved[:_SHOWN]), "to": input.to}

        return await changed(info.context, "bookHandOver", input, make, BookHandOverPayload, _BOOKS)


def _only(customers: list[str] | None) -> list[str]:
    """Empty for all of a book, which nobody means by naming none of it."""
    if customers is not None and not customers:
        remedy = "name some, or leave the list out for the whole book"
        raise RefusedError([Problem(Place("input.customers"), "row-count", "there are 0 customers", remedy)])
    return [customer_text(text) for text in customers or ()]

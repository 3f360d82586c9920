"""Contacts at customers, and our own employees and departments."""

import strawberry

from kehu.reader import people
from kehu_graphql.context import Context, Info
from kehu_graphql.fields import resolved
from kehu_graphql.nodes import Node, node_id


@strawberry.type(description="A person at a customer.")
class Contact(Node):
    name: str = strawberry.field(description='Full name, e.g. "王芳".')
    title: str | None = strawberry.field(description='Position, e.g. "Logistics manager".')
    decision_role: str | None = strawberry.field(description="decision_maker, influencer or end_user.")
    phone: str | None = strawberry.field(description="As the department wrote it.")
    email: str | None = strawberry.field(description="As the department wrote it.")
    interests: str | None = strawberry.field(description="What account managers noted.")


@strawberry.type(description="A department of ours.")
class Department(Node):
    name: str = strawberry.field(description='E.g. "Key accounts".')


@strawberry.type(description="One of our people: owns customers, makes visits, handles complaints.")
class Employee(Node):
    number: str = strawberry.field(description='Employee number, e.g. "E0042".')
    name: str = strawberry.field(description="Full name.")
    title: str | None = strawberry.field(description="Position.")
    seniority: str | None = strawberry.field(description="staff, senior, manager or executive.")
    is_active: bool = strawberry.field(description="Still with us.")
    phone: str | None = strawberry.field(description="Business phone.")
    email: str | None = strawberry.field(description="Business e-mail.")
    row: strawberry.Private[people.Employee]

    @resolved("Where the employee works.")
    async def department(self, info: Info) -> Department | None:
        if self.row.department_id is None:
            return None
        found = await info.context.reads.one(people.departments_by_id, self.row.department_id)
        return None if found is None else department_node(found)

    @resolved("Customers the employee owns; `customers(where: {owner: …})` lists them.")
    async def customers_owned(self, info: Info) -> int:
        return await info.context.reads.one(people.customers_owned, self.row.id) or 0


def contact_node(row: people.Contact) -> Contact:
    """A contact as clients see it."""
    return Contact(
        id=node_id("Contact", row.id),
        name=row.name,
        title=row.title,
        decision_role=row.decision_role,
        phone=row.phone,
        email=row.email,
        interests=row.interests,
    )


def department_node(row: people.Department) -> Department:
    """A department as clients see it."""
    return Department(id=node_id("Department", row.id), name=row.name)


def employee_node(row: people.Employee) -> Employee:
    """An employee as clients see it."""
    return Employee(
        id=node_id("Employee", row.id),
        number=row.number,
        name=row.name,
        title=row.title,
        seniority=row.seniority,
        is_active=row.active,
        phone=row.phone,
        email=row.email,
        row=row,
    )


async def employee_by_id(context: Context, key: int | None) -> Employee | None:
    """None for no key and for an unknown one."""
    found = None if key is None else await context.reads.one(people.employees_by_id, key)
    return None if found is None else employee_node(found)


async def employee_by_number(context: Context, number: str | None) -> Employee | None:
    """None for no number and for an unknown one."""
    found = None if number is None else await context.reads.one(people.employees_by_number, number)
    return None if found is None else employee_node(found)

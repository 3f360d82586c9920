"""Contacts at customers, and our own employees and departments."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, select, true

from kehu.reader.columns import mapped
from kehu.reader.keyset import ByteOrder, Key, Page, Window, read_page
from kehu.reader.listings import Listing
from kehu.store.counting import count_rows
from kehu.tables.facts import contacts, customers, departments, employees


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at a customer; `decision_role` is decision_maker, influencer or end_user."""

    id: int
    customer_id: int | None
    name: str
    title: str | None
    decision_role: str | None
    phone: str | None
    email: str | None
    interests: str | None


@dataclass(frozen=True, slots=True)
class Employee:
    """One of our people; `seniority` is staff, senior, manager or executive."""

    id: int
    number: str
    name: str
    title: str | None
    seniority: str | None
    department_id: int | None
    active: bool
    phone: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class Department:
    """A department that employees belong to."""

    id: int
    name: str


_CONTACTS = mapped(Contact, contacts)
_EMPLOYEES = mapped(Employee, employees)
_DEPARTMENTS = mapped(Department, departments)

CONTACTS = Listing(
    contacts.c.id, (contacts.c.customer_id,), contacts, _CONTACTS.columns, _CONTACTS.build, newest_first=False
)
EMPLOYEE_KEYS = (Key(ByteOrder(employees.c.number)),)


def contacts_by_id(connection: Connection, ids: Collection[int]) -> dict[int, Contact]:
    """Unknown ids are absent."""
    return _CONTACTS.by(connection, contacts.c.id, ids)


def employees_by_id(connection: Connection, ids: Collection[int]) -> dict[int, Employee]:
    """Unknown ids are absent."""
    return _EMPLOYEES.by(connection, employees.c.id, ids)


def employees_by_number(connection: Connection, numbers: Collection[str]) -> dict[str, Employee]:
    """Unknown numbers are absent."""
    return _EMPLOYEES.by(connection, employees.c.number, numbers)


def departments_by_id(connection: Connection, ids: Collection[int]) -> dict[int, Department]:
    """Unknown ids are absent."""
    return _DEPARTMENTS.by(connection, departments.c.id, ids)


def employee_page(connection: Connection, department: str | None, window: Window) -> Page[Employee]:
    """Employees by number; `department` is a department's name, None takes everyone."""
    wanted = _EMPLOYEES.select().where(_in_department(department))
    return read_page(connection, wanted, EMPLOYEE_KEYS, window, _EMPLOYEES.build)


def count_employees(connection: Connection, department: str | None, *, up_to: int | None = None) -> int:
    """How many employees `employee_page` pages through; `up_to` stops counting there."""
    return count_rows(connection, select(employees.c.id).where(_in_department(department)), up_to=up_to)


def customers_owned(connection: Connection, employee_ids: Collection[int]) -> dict[int, int]:
    """How many customers each employee owns; those who own none are absent."""
    owned = select(customers.c.owner_id, func.count().label("customers")).where(customers.c.owner_id.in_(employee_ids))
    return {row.owner_id: row.customers for row in connection.execute(owned.group_by(customers.c.owner_id))}


def _in_department(name: str | None) -> ColumnElement[bool]:
    if name is None:
        return true()
    return employees.c.department_id.in_(select(departments.c.id).where(departments.c.name == name))

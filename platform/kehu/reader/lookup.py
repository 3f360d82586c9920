"""Customers by whatever names them: an id, a phone, an e-mail, a tax code, a source key, a name."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl
from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    Integer,
    Select,
    String,
    Text,
    and_,
    bindparam,
    case,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from kehu.identity.identifiers import email_key, tax_code_key
from kehu.identity.names import name_key, search_text
from kehu.identity.phones import phone_key
from kehu.reader.keyset import ByteOrder
from kehu.tables.facts import customer_aliases, customers, identifiers

# The surest kind first; kinds not listed come after these, in alphabetical order.
STRENGTH = {"uid": 0, "source_key": 1, "tax_code": 2, "phone": 3, "email": 4, "name": 6, "name_key": 7}
_OTHER = 5


@dataclass(frozen=True, slots=True)
class Match:
    """A customer and the identifier by which the text names it; `system` only for a department's own key."""

    customer_id: int
    kind: str
    system: str | None
    value: str


def spellings(text: str, region: str) -> dict[str, str]:
    """The comparable form of `text` for each kind of identifier it may be.

    `region` is the country that phone numbers without a prefix belong to.
    """
    plain = text.strip()
    forms = {
        "uid": plain.lower(),
        "source_key": plain,
        "tax_code": tax_code_key(plain),
        "phone": phone_key(plain, region),
        "email": email_key(plain),
        "name_key": name_key(plain),
    }
    return {kind: form for kind, form in forms.items() if form}


def find_customers(connection: Connection, text: str, region: str, limit: int) -> tuple[Match, ...]:
    """Who `text` may mean, the surest first, at most `limit`; one identifier may name several customers.

    A name counts as a customer shows it, in any script and case; else as a record that spells it otherwise gave it,
    legal form or not.
    """
    forms = spellings(text, region)
    if not forms:
        return ()
    name = text.strip()
    given = {**forms, "name": name, "searched": str(search_text(pl.Series([name]))[0]), "most": limit}
    rows = connection.execute(_statement(tuple(forms)), given).all()
    found = dict.fromkeys(Match(row.customer_id, row.kind, row.system, row.value) for row in rows)
    shown = {match.customer_id for match in found if match.kind == "name"}
    return tuple(match for match in found if match.kind != "name_key" or match.customer_id not in shown)


@cache
def _statement(kinds: tuple[str, ...]) -> Select[Any]:
    """For a text that may be an identifier of these kinds; parameters are its forms by kind, `name` and `searched`.

    Kept, since SQLAlchemy takes longer to build and compare a statement than to run it.
    """
    by_uid = _named("uid", customers.c.id, "uid").where(customers.c.uid == _text("uid"))
    by_alias = _named("uid", customer_aliases.c.customer_id, "uid").where(customer_aliases.c.uid == _text("uid"))
    by_name = _named("name", customers.c.id, "name").where(customers.c.name_search == _text("searched"))
    found = union_all(by_uid, by_alias, _by_identifier(kinds), by_name).subquery()
    order = (found.c.strength, ByteOrder(found.c.kind), found.c.customer_id, found.c.system)
    return select(*found.c).order_by(*order).limit(bindparam("most", type_=Integer))


def _text(parameter: str) -> BindParameter[str]:
    return bindparam(parameter, type_=String)


def _named(kind: str, customer: Column[int], parameter: str) -> Select[Any]:
    columns: tuple[Any, ...] = (
        literal(STRENGTH[kind]).label("strength"),
        customer.label("customer_id"),
        literal(kind).label("kind"),
        type_coerce(null(), Text).label("system"),
        _text(parameter).label("value"),
    )
    return select(*columns)


def _by_identifier(kinds: tuple[str, ...]) -> Select[Any]:
    own_form = or_(*(and_(identifiers.c.kind == kind, identifiers.c.value == _text(kind)) for kind in kinds))
    other_kind = and_(identifiers.c.kind.not_in(kinds), identifiers.c.value == _text("source_key"))
    strength = case(STRENGTH, value=identifiers.c.kind, else_=_OTHER).label("strength")
    columns: tuple[Any, ...] = (
        identifiers.c.customer_id,
        identifiers.c.kind,
        identifiers.c.system,
        identifiers.c.value,
    )
    wanted = identifiers.c.value.in_([_text(kind) for kind in kinds])
    return select(strength, *columns).where(wanted, or_(own_form, other_kind))

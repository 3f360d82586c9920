"""Customers by whatever names them: an id, a phone, an e-mail, a tax code, a source key, a name."""

from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection, Select, Text, and_, case, literal, null, or_, select, type_coerce, union_all

from kehu.identity.identifiers import email_key, tax_code_key
from kehu.identity.names import name_key, search_text
from kehu.identity.phones import phone_key
from kehu.reader.keyset import ByteOrder
from kehu.tables.facts import customer_aliases, customers, identifiers

# The surest kind first; kinds not listed come after these, in alphabetical order.
STRENGTH = {"uid": 0, "source_key": 1, "tax_code": 2, "phone": 3, "email": 4, "name_key": 6, "name": 7}
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

    A name counts as a customer shows it, in any script and case, and as records gave it.
    """
    forms = spellings(text, region)
    if not forms:
        return ()
    parts = (_by_uid(forms["uid"]), _by_alias(forms["uid"]), _by_identifier(forms), _by_name(text.strip()))
    found = union_all(*parts).subquery()
    ordered = select(*found.c).order_by(found.c.strength, ByteOrder(found.c.kind), found.c.customer_id, found.c.system)
    rows = connection.execute(ordered.limit(limit)).all()
    return tuple(dict.fromkeys(Match(row.customer_id, row.kind, row.system, row.value) for row in rows))


def _by_uid(uid: str) -> Select[Any]:
    return _named_by_uid(customers.c.id, customers.c.uid == uid, uid)


def _by_alias(uid: str) -> Select[Any]:
    return _named_by_uid(customer_aliases.c.customer_id, customer_aliases.c.uid == uid, uid)


def _named_by_uid(customer: Any, condition: Any, uid: str) -> Select[Any]:
    return select(
        literal(STRENGTH["uid"]).label("strength"),
        customer.label("customer_id"),
        literal("uid").label("kind"),
        type_coerce(null(), Text).label("system"),
        literal(uid).label("value"),
    ).where(condition)


def _by_name(name: str) -> Select[Any]:
    searched = str(search_text(pl.Series([name]))[0])
    return select(
        literal(STRENGTH["name"]).label("strength"),
        customers.c.id.label("customer_id"),
        literal("name").label("kind"),
        type_coerce(null(), Text).label("system"),
        literal(name).label("value"),
    ).where(customers.c.name_search == searched)


def _by_identifier(forms: dict[str, str]) -> Select[Any]:
    own_form = or_(*(and_(identifiers.c.kind == kind, identifiers.c.value == form) for kind, form in forms.items()))
    other_kind = and_(identifiers.c.kind.not_in(forms), identifiers.c.value == forms["source_key"])
    strength = case(STRENGTH, value=identifiers.c.kind, else_=_OTHER).label("strength")
    columns = (identifiers.c.customer_id, identifiers.c.kind, identifiers.c.system, identifiers.c.value)
    wanted = identifiers.c.value.in_(set(forms.values()))
    return select(strength, *columns).where(wanted, or_(own_form, other_kind))

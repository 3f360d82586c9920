"""The one customer that a person means by a text: a uid, a number, a phone, a name."""

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, select

from kehu.model.graph import LONGEST_NAME
from kehu.model.problems import Place, Problem, RefusedError
from kehu.reader.customers import Customer, customers_by_id, customers_by_uid
from kehu.reader.lookup import Match, find_customers
from kehu.tables.facts import identifiers

_FEW = 20
_AT_ONCE = 1000


def named_customer(connection: Connection, text: str, region: str, place: Place) -> Match:
    """The customer whom the surest kind of identifier names; `region` is that of phone numbers without a prefix.

    Raises RefusedError, at `place`, where it is not exactly one.
    """
    if len(text) > LONGEST_NAME:
        said = f"nobody is known by a text of {len(text):,} letters, '{text[:20]}…'"
        raise RefusedError([Problem(place, "unknown-customer", said)])
    matches = find_customers(connection, text, region, _FEW) if is_storable(text) else ()
    if not matches:
        remedy = "give a uid, an account or tax code, a phone, an e-mail or the whole name"
        raise RefusedError([Problem(place, "unknown-customer", f"nobody is known by '{text}'", remedy)])
    surest = {match.customer_id: match for match in matches if match.kind == matches[0].kind}
    if len(surest) > 1:
        found = customers_by_id(connection, list(surest))
        listed = ", ".join(f"{each.uid} {each.name}" for each in found.values())
        many = f"{_FEW} customers or more" if len(matches) >= _FEW else f"{len(surest)} customers"
        said = f"'{text}' names {many}: {listed}"
        raise RefusedError([Problem(place, "ambiguous-customer", said, "give the uid of one of them")])
    return matches[0]


def surely_named(connection: Connection, texts: Iterable[str]) -> dict[str, Customer]:
    """Those texts that `named_customer` would take for a uid or a department's key of one customer, all at once.

    Spelling a text as each kind of identifier takes milliseconds: too long for every row of a long file.
    """
    wanted = sorted({text for text in texts if is_storable(text)})
    found: dict[str, Customer] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        plain = {text: text.strip() for text in wanted[start : start + _AT_ONCE]}
        by_uid = customers_by_uid(connection, sorted({each.lower() for each in plain.values()}))
        by_key = _by_key(connection, set(plain.values()))
        named = {text: by_uid.get(each.lower()) or by_key.get(each) for text, each in plain.items()}
        found |= {text: customer for text, customer in named.items() if customer is not None}
    return found


def _by_key(connection: Connection, keys: Collection[str]) -> dict[str, Customer]:
    """Customers under departments' own keys; keys of several customers are absent."""
    is_one = (identifiers.c.kind == "source_key", identifiers.c.value.in_(keys))
    owners: dict[str, set[int]] = {}
    for key, owner in connection.execute(select(identifiers.c.value, identifiers.c.customer_id).where(*is_one)):
        owners.setdefault(key, set()).add(owner)
    single = {key: next(iter(ids)) for key, ids in owners.items() if len(ids) == 1}
    customers = customers_by_id(connection, sorted(set(single.values())))
    return {key: customers[number] for key, number in single.items()}


def is_storable(text: str) -> bool:
    """False for what no database holds as text: the character NUL, bytes that were never decoded."""
    return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)

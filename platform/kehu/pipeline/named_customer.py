"""The one customer that a person means by a text: a uid, a number, a phone, a name."""

from sqlalchemy import Connection

from kehu.model.problems import Place, Problem, RefusedError
from kehu.reader.customers import customers_by_id
from kehu.reader.lookup import Match, find_customers

_FEW = 20


def named_customer(connection: Connection, text: str, region: str, place: Place) -> Match:
    """The customer whom the surest kind of identifier names; `region` is that of phone numbers without a prefix.

    Raises RefusedError, at `place`, where it is not exactly one.
    """
    matches = find_customers(connection, text, region, _FEW) if is_storable(text) else ()
    if not matches:
        remedy = "give a uid, an account or tax code, a phone, an e-mail or the whole name"
        raise RefusedError([Problem(place, "unknown-customer", f"nobody is known by '{text}'", remedy)])
    surest = {match.customer_id: match for match in matches if match.kind == matches[0].kind}
    if len(surest) > 1:
        found = customers_by_id(connection, list(surest))
        listed = ", ".join(f"{each.uid} {each.name}" for each in found.values())
        said = f"'{text}' names {len(surest)} customers: {listed}"
        raise RefusedError([Problem(place, "ambiguous-customer", said, "give the uid of one of them")])
    return matches[0]


def is_storable(text: str) -> bool:
    """False for what no database holds as text: the character NUL, bytes that were never decoded."""
    return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)

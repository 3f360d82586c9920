"""The queries that the demo prints, for a first look at the graph."""

import json

from sqlalchemy import Connection, select

from kehu.tables.facts import identifiers
from kehu.tables.runs import memberships

_COUNTS = """{
  ruleSets {
    code label(locale: ZH)
    levels { code label members }
  }
}"""
_WARNINGS = """{
  warnings(first: 5, where: {severity: "high"}) {
    totalCount
    nodes { code reason route customer { uid name owner { name } } }
  }
}"""
_FILE = """{
  customerByIdentifier(value: %s) {
    uid name kind region phone owner { number name }
    segments { ruleSet { label } level { label } reasons { when features { name value } } }
    contacts { nodes { name title phone } }
    shipments(first: 3) { nodes { number service acceptedAt status revenue { amount currency } } }
    complaints(first: 3) { nodes { number category openedAt resolvedAt } }
    visits(first: 3) { nodes { number purpose heldAt } }
    warnings { nodes { code reason } }
  }
}"""


def demo_queries(account: str) -> tuple[tuple[str, str], ...]:
    """Titles and queries; the last asks for the customer with this account number."""
    return (
        ("How many customers stand in each level", _COUNTS),
        ("The gravest warnings with the facts, and who is to act", _WARNINGS),
        (f"One customer's whole file by any identifier, here the account {account}", _FILE % json.dumps(account)),
    )


def telling_account(connection: Connection, ruleset: str) -> str:
    """An account number of a member of the rule set's smallest level; '' when nobody is in any."""
    joined = identifiers.join(memberships, memberships.c.customer_id == identifiers.c.customer_id)
    mine = (memberships.c.ruleset == ruleset, memberships.c.until_run_id.is_(None), identifiers.c.kind == "source_key")
    found = select(memberships.c.level, identifiers.c.value).select_from(joined).where(*mine)
    accounts: dict[str, list[str]] = {}
    for level, value in connection.execute(found):
        accounts.setdefault(level, []).append(value)
    smallest = sorted(accounts.values(), key=len)
    return min(smallest[0]) if smallest else ""

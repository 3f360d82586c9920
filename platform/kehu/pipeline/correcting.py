"""People correct what departments say of a customer; a correction wins until it is taken back."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, select

from kehu.identity.identifiers import email_key, tax_code_key
from kehu.identity.phones import phone_key
from kehu.identity.rules import GOLDEN_FIELDS
from kehu.model.graph import CUSTOMER_KINDS
from kehu.model.problems import Place, Problem, did_you_mean, refuse_errors
from kehu.pipeline.deciding_identity import Because
from kehu.pipeline.identity_contradictions import said_problems
from kehu.pipeline.identity_rules import workspace_identity
from kehu.pipeline.named_customer import named_customer
from kehu.pipeline.progress import Clock
from kehu.pipeline.transactions import Database, writing
from kehu.reader.golden import golden_values
from kehu.store.corrections import Correction, add_correction, all_corrections, end_correction, holders_of
from kehu.store.golden import renew_golden
from kehu.store.identified import records_of
from kehu.tables.facts import employees
from kehu.workspace.workspace import Workspace

_CUSTOMER, _FIELD, _VALUE, _NUMBER = (Place(name) for name in ("CUSTOMER", "FIELD", "VALUE", "NUMBER"))
_LONGEST = 1000
_CONSENT = {"true": "true", "yes": "true", "false": "false", "no": "false"}


@dataclass(frozen=True, slots=True)
class Corrected:
    """The number of a correction made, and the customer's value before it and with it."""

    id: int
    customer: str
    field: str
    before: str | None
    after: str | None


def correct(
    workspace: Workspace, database: Database, told: tuple[str, str, str], because: Because, *, clock: Clock
) -> Corrected:
    """Set a customer's value of a field: `told` is whom, which field and what.

    It stays with the id of the customer through loads, merges and splits. Raises RefusedError with everything wrong: a
    text that names no customer or several, an unknown field, a value that cannot be the field's, no reason.
    """
    rules = workspace_identity(workspace)
    region = workspace.settings.phone_region
    customer, field, text = told
    with writing(database) as connection:
        problems = list(said_problems(because.reason, because.author))
        value, found = _value_of(connection, field, text.strip(), region)
        refuse_errors(problems + found)
        match = named_customer(connection, customer, region, _CUSTOMER)
        before = _shown(connection, match.customer_id)
        record = records_of(connection, match.customer_id)[0]
        said = (because.reason.strip(), because.author.strip(), clock())
        number = add_correction(connection, Correction(0, record, field, value, *said))
        renew_golden(connection, pl.Series([match.customer_id]), region, rules)
        after = _shown(connection, match.customer_id)
        return Corrected(number, after["uid"], field, before.get(field), after.get(field))


def uncorrect(
    workspace: Workspace, database: Database, numbers: Sequence[int], because: Because, *, clock: Clock
) -> None:
    """Take corrections back: what departments say counts again, or an earlier correction.

    Raises RefusedError when one does not exist or was taken back before.
    """
    rules = workspace_identity(workspace)
    with writing(database) as connection:
        problems = list(said_problems(because.reason, because.author))
        known = {each.id: each for each in all_corrections(connection)}
        for number in numbers:
            each = known.get(number)
            if each is None:
                said = f"there is no correction {number}"
                problems.append(Problem(_NUMBER, "unknown-correction", said, "see 'kehu identity corrections'"))
            elif each.ended_at is not None:
                said = f"{each.ended_by} took correction {number} back already"
                problems.append(Problem(_NUMBER, "ended-correction", said, "there is nothing left to do"))
        refuse_errors(problems)
        for number in numbers:
            end_correction(connection, number, by=because.author.strip(), reason=because.reason.strip(), now=clock())
        holders = holders_of(connection, [known[number].record for number in numbers])
        renew_golden(connection, holders, workspace.settings.phone_region, rules)


def _shown(connection: Connection, customer_id: int) -> dict[str, str]:
    golden = golden_values(connection, [customer_id])[customer_id]
    return {"uid": golden.uid, **{each.field: each.value for each in golden.values if each.value is not None}}


def _value_of(connection: Connection, field: str, text: str, region: str) -> tuple[str, list[Problem]]:
    """The value as the store keeps it, and what is wrong with it."""
    if field not in GOLDEN_FIELDS:
        near = did_you_mean(field, GOLDEN_FIELDS)
        return "", [Problem(_FIELD, "unknown-field", f"a customer has no value '{field}'", near)]
    if not text or len(text) > _LONGEST or any(not letter.isprintable() for letter in text):
        shown = f"{len(text):,} characters" if len(text) > _LONGEST else f"{text!a}"
        remedy = f"write 1 to {_LONGEST:,} characters that can be seen"
        return "", [Problem(_VALUE, "no-value", f"{shown} cannot be a value", remedy)]
    fitting = {
        "kind": (text in CUSTOMER_KINDS, did_you_mean(text, CUSTOMER_KINDS)),
        "consent": (text in _CONSENT, "write yes or no"),
        "phone": (phone_key(text, region) is not None, "write it with its country, such as +8613800138000"),
        "email": (email_key(text) is not None, "write a mail address, such as name@example.com"),
        "tax_code": (tax_code_key(text) is not None, "look at its 18 characters: the last one checks the others"),
    }
    if field == "owner":
        fitting["owner"] = _staff(connection, text)
    fits, remedy = fitting.get(field, (True, ""))
    problems = [] if fits else [Problem(_VALUE, "wrong-value", f"'{text}' is no {field}", remedy)]
    return (_CONSENT.get(text, text) if field == "consent" else text), problems


def _staff(connection: Connection, number: str) -> tuple[bool, str]:
    known = list(connection.execute(select(employees.c.number)).scalars())
    return number in known, did_you_mean(number, known) or "give the number of an employee"

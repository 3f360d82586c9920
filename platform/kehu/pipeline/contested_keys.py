"""Keys that would have broken a limit or a decision: who bears them, what stands against them, what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, select

from kehu.identity.rules import IdentityRules
from kehu.pipeline.identity_rules import workspace_identity
from kehu.pipeline.transactions import Database, reading
from kehu.store.identity_decisions import IdentityDecision, RecordName, all_decisions
from kehu.store.identity_queue import read_contested, read_described, read_owners
from kehu.tables.facts import customers, identifiers
from kehu.workspace.workspace import Workspace

_DECISION = "decision"


@dataclass(frozen=True, slots=True)
class Bearer:
    """A record that bears the key, with its value and its customer."""

    record: RecordName
    value: str | None
    uid: str
    name: str


@dataclass(frozen=True, slots=True)
class Contested:
    """A key refused whole. `because` is the limit it would break, 'decision', or 'lock'.

    `held` are the values of which there would be too many; `decisions` the numbers of those that stand against it.
    """

    rule: str
    because: str
    most: int | None
    held: tuple[str, ...]
    decisions: tuple[int, ...]
    bearers: tuple[Bearer, ...]
    advice: str


def contested_keys(workspace: Workspace, database: Database, *, first: int, skip: int = 0) -> tuple[Contested, ...]:
    """The contested keys of the queue as it was computed last, without those whose bearers are one customer by now.

    In the order of the rules' strength. Raises RefusedError with everything wrong with the rules.
    """
    rules = workspace_identity(workspace)
    with reading(database) as connection:
        told = _Told(connection, rules, all_decisions(connection))
        rows = read_contested(connection)
        known = read_described(connection, _ids(rows))
        found = [told.contested(row, known.filter(pl.col("id").is_in(_ids([row]).implode()))) for row in rows]
    still = [each for each in found if len({bearer.uid for bearer in each.bearers}) > 1]
    return tuple(still[skip : skip + first])


def _ids(rows: Sequence[Mapping[str, object]]) -> pl.Series:
    numbers = [number for row in rows if isinstance(bearers := row["records"], list) for number in bearers]
    return pl.Series("id", numbers, dtype=pl.Int64)


@dataclass(frozen=True, slots=True)
class _Told:
    connection: Connection
    rules: IdentityRules
    decisions: Sequence[IdentityDecision]

    def contested(self, row: Mapping[str, object], records: pl.DataFrame) -> Contested:
        code, because = str(row["rule"]), str(row["because"])
        identifier = next((rule.identifier for rule in self.rules.keys if rule.code == code), None)
        bearers = tuple(_bearer(each, identifier) for each in records.sort("uid", "id").iter_rows(named=True))
        uids = list(dict.fromkeys(bearer.uid for bearer in bearers))
        against = self._against(uids) if because == _DECISION else ()
        most = next((said.per_customer for name, said in self.rules.values.items() if name == because), None)
        held = self._held(because, uids) if most is not None else ()
        advice = _advice(uids, identifier, because, against)
        return Contested(code, because, most, held, tuple(each.id for each in against), bearers, advice)

    def _held(self, kind: str, uids: Sequence[str]) -> tuple[str, ...]:
        query = select(identifiers.c.value).join(customers, customers.c.id == identifiers.c.customer_id)
        of_them = query.where(identifiers.c.kind == kind, customers.c.uid.in_(uids)).distinct()
        return tuple(self.connection.execute(of_them.order_by(identifiers.c.value)).scalars())

    def _against(self, uids: Sequence[str]) -> tuple[IdentityDecision, ...]:
        said = [each for each in self.decisions if each.ended_at is None and each.kind == "different"]
        owners = read_owners(self.connection, [side for each in said for side in (each.left, each.right)])
        return tuple(each for each in said if {owners.get(each.left), owners.get(each.right)} <= set(uids))


def _bearer(row: Mapping[str, object], identifier: str | None) -> Bearer:
    fields = {"phone": ("phone", "phone_2")}.get(identifier or "", (identifier,))
    values = [str(row[field]) for field in fields if field is not None and row[field] is not None]
    name = RecordName(str(row["origin"]), str(row["system"]), str(row["key"]))
    return Bearer(name, " / ".join(values) or None, str(row["uid"]), str(row["customer"]))


def _advice(uids: Sequence[str], identifier: str | None, because: str, against: Sequence[IdentityDecision]) -> str:
    if because == _DECISION:
        ways = " or ".join(f"kehu identity undo {each.id}" for each in against)
        return f"if they are one after all: {ways}" if ways else "if they are one after all: kehu identity history"
    joined = f"if they are one: kehu identity merge {' '.join(uids[:2])} --reason …"
    shared = f"; if everybody may have the value: block it under values: {identifier}: blocked in rules/identity.yaml"
    return joined + "; if they are not: kehu identity different …" + (shared if identifier else "")

"""A person erased for good: nothing of it is left, and a later load, a restored backup or an undone merge is refused.

What is left are digests under a key that the database does not hold, and an entry for the auditor without a word of
the person.
"""

import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import Connection, Engine

from kehu.identity.rules import IdentityRules
from kehu.identity.seal import Seal
from kehu.identity.tombstones import NAMING, first_part, laid, met, met_by_texts, named_as
from kehu.model.problems import Place, Problem, RefusedError, refuse_errors
from kehu.pipeline.deciding_identity import Because
from kehu.pipeline.erasure_ledger import Entry, append_to_ledger, needed_seal, read_ledger, seal_of
from kehu.pipeline.facts import mirror_folder
from kehu.pipeline.identity_contradictions import said_problems
from kehu.pipeline.identity_rules import workspace_identity
from kehu.pipeline.named_customer import named_customer
from kehu.pipeline.progress import Clock
from kehu.pipeline.transactions import Database, reading, writing
from kehu.store.customers import resolve_customers
from kehu.store.erasing import all_records, erase_customers, records_of_customers
from kehu.store.events import mark_seen
from kehu.store.lock import only_run
from kehu.store.scrubbing import scrub_quarantine, shred
from kehu.store.tombstones import (
    Erasure,
    Sieve,
    add_erasure,
    all_erasures,
    count_erased,
    end_erasure,
    standing_tombstones,
    tombstones_of,
)
from kehu.workspace.exports import discard_exports
from kehu.workspace.workspace import Workspace

_CUSTOMER = Place("CUSTOMER")
_CODE_BYTES = 8
_MIN_LETTERS = 2


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased, or in a dry run would be: rows by what they are; `code` is '' where nothing was written."""

    code: str
    counts: Mapping[str, int]
    tombstones: int


def erase(
    workspace: Workspace, engine: Engine, customer: str, because: Because, *, clock: Clock, dry_run: bool = False
) -> Erased:
    """Erase the customer that the text names, with all its records.

    Raises RefusedError for a text that names no customer or several, or one that was erased, for words of the decision
    that are missing or tell of the person, while a run works, and where the key of earlier erasures is missing.
    """
    rules = workspace_identity(workspace)
    seal = _seal(workspace, engine, make=not dry_run)
    with only_run(engine), writing(engine) as connection:
        ids = pl.Series("customer_id", [_named(connection, workspace, customer)], dtype=pl.Int64)
        records = records_of_customers(connection, ids)
        refuse_errors([*said_problems(because.reason, because.author), *_telling(because.reason, records)])
        digests = _digests(connection, workspace, rules, records, seal)
        nested = connection.begin_nested()
        number, counts = _erase(connection, workspace, ids, digests, seal, because, clock())
        _settle(connection, workspace, rules)
        if dry_run:
            nested.rollback()
    if dry_run:
        return Erased("", counts, len(digests))
    with reading(engine) as connection:
        _write_ledger(connection, workspace)
        code = next(each.code for each in all_erasures(connection) if each.id == number)
    forget_copies(workspace, engine)
    return Erased(code, counts, len(digests))


def forget_copies(workspace: Workspace, engine: Engine) -> None:
    """Remove what Kehu keeps of events beside the database, to be made anew, and what the file kept of deleted rows.

    Lists that were exported over the API go, too.
    """
    shred(engine)
    discard_exports(workspace.root)
    # What lies where a setting says may be others' too.
    for folder in (mirror_folder(engine, workspace.root), workspace.root / ".kehu" / "spark"):
        if folder is not None and folder.is_dir():
            shutil.rmtree(folder)


def let_return(workspace: Workspace, engine: Engine, text: str, because: Because, *, clock: Clock) -> Erasure:
    """The person whom the phone, mail address, tax code, account (SYSTEM:KEY) or code of the erasure names consents
    again: its rows come in with the next load.

    Raises RefusedError where nobody who was erased is known by the text.
    """
    refuse_errors(said_problems(because.reason, because.author))
    with writing(engine) as connection:
        erasure = erased_as(connection, workspace, text)
        if erasure is None:
            said = f"nobody who was erased is known by '{text[:100]}'"
            remedy = "give a phone, mail address, tax code, an account as SYSTEM:KEY, or the code of the erasure"
            raise RefusedError([Problem(_CUSTOMER, "unknown-erasure", said, remedy)])
        end_erasure(connection, erasure.id, by=because.author.strip(), reason=because.reason.strip(), now=clock())
    with reading(engine) as connection:
        _write_ledger(connection, workspace)
        return next(each for each in all_erasures(connection) if each.id == erasure.id)


def erased_as(connection: Connection, workspace: Workspace, text: str) -> Erasure | None:
    """The standing erasure of whom the text names; None where there is none."""
    standing = {each.id: each for each in all_erasures(connection) if each.ended_at is None}
    by_code = next((each for each in standing.values() if each.code == text.strip()), None)
    if by_code is not None or not standing:
        return by_code
    seal = needed_seal(workspace.root, frozenset(each.key_check for each in standing.values()))
    if seal is None:
        return None
    known = standing_tombstones(connection)
    named = met_by_texts([text.strip()], workspace.settings.phone_region)[text.strip()]
    system, _, key = text.strip().partition(":")
    named += [*met({**dict.fromkeys(NAMING), "system": system, "key": key}), ("key", text.strip())]
    return next((standing[known[digest]] for each in named if (digest := seal.digest(*each)) in known), None)


def sieve_of(connection: Connection, workspace: Workspace) -> Sieve | None:
    """What keeps the erased out of a load; None where nobody was erased. Makes good what a restored backup lost.

    Raises RefusedError where the key of erasures is missing or another.
    """
    ledger, known = read_ledger(workspace.root), all_erasures(connection)
    standing = [each.key_check for each in known if each.ended_at is None]
    written = [each.key_check for each in ledger.values() if not each.is_ended]
    seal = needed_seal(workspace.root, frozenset([*standing, *written]))
    if seal is None:
        return None
    # A process may have died between its database and this file.
    _write_ledger(connection, workspace)
    missing = [entry for entry in ledger.values() if entry.code not in {each.code for each in known}]
    for entry in missing:
        _erase_again(connection, workspace, entry, seal)
    sieve = Sieve(connection, seal, workspace.settings.phone_region)
    sieve.has_erased = bool(missing)
    return sieve


def _erase_again(connection: Connection, workspace: Workspace, entry: Entry, seal: Seal) -> None:
    """An erasure that the database does not know: it was restored from a backup made before."""
    digests = {digest for _, digest in entry.tombstones}
    records = all_records(connection)
    naming = _naming(records)
    named = named_as(naming, workspace.settings.phone_region)
    hit = [any(seal.digest(*each) in digests for each in met(row)) for row in named.iter_rows(named=True)]
    theirs = naming["id"].filter(pl.Series(hit, dtype=pl.Boolean)).unique()
    ids = records.filter(pl.col("id").is_in(theirs.implode()))["customer_id"].drop_nulls().unique()
    because = Because("kehu", "erased before, and brought back by a backup")
    moment = datetime.fromisoformat(entry.created_at)
    chosen = pl.Series("customer_id", [] if entry.is_ended else ids, dtype=pl.Int64)
    number, _ = _erase(connection, workspace, chosen, list(entry.tombstones), seal, because, moment, code=entry.code)
    if entry.is_ended:
        end_erasure(connection, number, by="kehu", reason="consent had returned", now=moment)
    elif len(chosen):
        _settle(connection, workspace, workspace_identity(workspace))


def _erase(  # noqa: PLR0913, PLR0917  # everything that an entry is made of
    connection: Connection,
    workspace: Workspace,
    ids: pl.Series,
    digests: list[tuple[str, str]],
    seal: Seal,
    because: Because,
    now: datetime,
    *,
    code: str = "",
) -> tuple[int, dict[str, int]]:
    counts = erase_customers(connection, ids, seal) if len(ids) else {}
    values = {"reason": because.reason.strip(), "author": because.author.strip(), "created_at": now}
    told = {"code": code or secrets.token_hex(_CODE_BYTES), "key_check": seal.check, "counts": counts}
    number = add_erasure(connection, {**told, **values}, digests)
    counts["quarantine"] = scrub_quarantine(connection, Sieve(connection, seal, workspace.settings.phone_region))
    count_erased(connection, number, counts)
    return number, counts


def _digests(
    connection: Connection, workspace: Workspace, rules: IdentityRules, records: pl.DataFrame, seal: Seal
) -> list[tuple[str, str]]:
    """Tombstones of the records, without those that would keep out somebody who is still there, or anybody."""
    region = workspace.settings.phone_region
    rest = all_records(connection).join(records.select("id"), on="id", how="anti")
    kept = {each for row in named_as(_naming(rest), region).iter_rows(named=True) for each in met(row)}
    said = {each for row in named_as(_naming(records), region).iter_rows(named=True) for each in laid(row)}
    nobody = frozenset[str]().union(*(values.blocked for values in rules.values.values()))
    return sorted((kind, seal.digest(kind, value)) for kind, value in said - kept if first_part(value) not in nobody)


def _naming(records: pl.DataFrame) -> pl.DataFrame:
    """By id what names whom the records are about: their own accounts and those that they name."""
    own = pl.col("origin") == "file"
    texts = [name for name in NAMING if name not in {"system", "key"}]
    accounts = [pl.when(own).then(part).otherwise(f"reference_{part}").alias(part) for part in ("system", "key")]
    named = [records.select("id", *accounts, *texts)]
    for kind in ("reference", "same_as"):
        columns = [pl.col(f"{kind}_{part}").alias(part) for part in ("system", "key")]
        unsaid = [pl.lit(None, pl.String()).alias(name) for name in texts]
        named.append(records.drop_nulls(f"{kind}_key").select("id", *columns, *unsaid))
    return pl.concat(named)


def _telling(reason: str, records: pl.DataFrame) -> list[Problem]:
    """The reason is kept for ever: it must not name whom it speaks of."""
    values = {
        str(value).strip()
        for name in ("name", "phone", "phone_2", "email", "key")
        for value in records[name].drop_nulls()
    }
    if not any(value in reason for value in values if len(value) >= _MIN_LETTERS):
        return []
    remedy = "give the number of the request instead"
    return [Problem(Place("--reason"), "telling-reason", "the reason, which is kept, names the person", remedy)]


def _named(connection: Connection, workspace: Workspace, text: str) -> int:
    try:
        return named_customer(connection, text, workspace.settings.phone_region, _CUSTOMER).customer_id
    except RefusedError as error:
        erasure = erased_as(connection, workspace, text)
        if erasure is None:
            raise
        said = f"whom this names was erased on {erasure.created_at:%Y-%m-%d} ({erasure.code})"
        raise RefusedError([Problem(_CUSTOMER, "erased-customer", said, "there is nothing left to do")]) from error


def _seal(workspace: Workspace, database: Database, *, make: bool) -> Seal:
    """The key of earlier erasures, or else the workspace's own; a dry run goes without where there is none."""
    with reading(database) as connection:
        checks = frozenset(each.key_check for each in all_erasures(connection) if each.ended_at is None)
    return needed_seal(workspace.root, checks) or seal_of(workspace.root, make=make) or Seal(secrets.token_bytes())


def _settle(connection: Connection, workspace: Workspace, rules: IdentityRules) -> None:
    resolve_customers(connection, workspace.settings.phone_region, rules)
    mark_seen(connection)


def _write_ledger(connection: Connection, workspace: Workspace) -> None:
    ledger = read_ledger(workspace.root)
    entries = (
        Entry(
            each.code,
            each.key_check,
            each.created_at.isoformat(),
            tuple(tombstones_of(connection, each.id)),
            each.ended_at is not None,
        )
        for each in all_erasures(connection)
    )
    append_to_ledger(workspace.root, (entry for entry in entries if ledger.get(entry.code) != entry))

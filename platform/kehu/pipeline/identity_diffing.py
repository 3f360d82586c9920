"""Who would merge or part, and which values would change, if the identity rules as they stand replaced others."""

from collections.abc import Mapping

import polars as pl
from sqlalchemy import Connection, Engine

from kehu.identity.differences import IdentityDifference, Side, compare_identity
from kehu.identity.golden import golden_records
from kehu.identity.keys import identity_keys
from kehu.identity.locks import with_locks
from kehu.identity.resolve import resolve
from kehu.identity.rule_file import IDENTITY_FILE, read_identity_rules
from kehu.identity.rules import IdentityRules
from kehu.model.problems import refuse_errors
from kehu.pipeline.identity_rules import declared_systems
from kehu.pipeline.transactions import reading
from kehu.store.corrections import corrected_values
from kehu.store.identified import read_identified
from kehu.store.identity_decisions import decided_pairs, read_locked
from kehu.store.identity_rules import rules_resolved_by
from kehu.workspace.workspace import Workspace, shipped_texts, shown_path


def diff_identity(
    workspace: Workspace, engine: Engine, before: Mapping[str, str] | None, now: Mapping[str, str]
) -> IdentityDifference | None:
    """What the file of identity rules in `now` would do against that in `before`, both by path; nothing is written.

    Without `before` it is compared with the customers as they stand. None where the rules are the same, or where there
    are no records. Raises RefusedError with everything wrong with the file that would replace the other.
    """
    with reading(engine) as connection:
        resolved_by = rules_resolved_by(connection)
        was = resolved_by if before is None else _text_of(before)
        will = _text_of(now)
        if was == will:
            return None
        records = read_identified(connection, workspace.settings.phone_region)
        if records.is_empty():
            return None
        rules = _rules(will, workspace)
        others = rules if was is None else read_identity_rules(was, IDENTITY_FILE, workspace.settings.phone_region)[0]
        stood = records.select("id", "uid") if before is None else _resolved(connection, records, others)
        sides = [
            _side(connection, records, stood, others),
            _side(connection, records, _resolved(connection, records, rules), rules),
        ]
    return compare_identity(sides[0], sides[1])


def _text_of(texts: Mapping[str, str]) -> str:
    return texts[IDENTITY_FILE] if IDENTITY_FILE in texts else shipped_texts()[IDENTITY_FILE]


def _rules(text: str, workspace: Workspace) -> IdentityRules:
    shown = shown_path(workspace, IDENTITY_FILE)
    rules, problems = read_identity_rules(text, shown, workspace.settings.phone_region, declared_systems(workspace))
    refuse_errors(problems)
    return rules


def _resolved(connection: Connection, records: pl.DataFrame, rules: IdentityRules) -> pl.DataFrame:
    open_records = with_locks(records, read_locked(connection))
    return resolve(open_records, rules, decided_pairs(connection)).customers.select("id", "uid")


def _side(connection: Connection, records: pl.DataFrame, owners: pl.DataFrame, rules: IdentityRules) -> Side:
    """The records as customers; what locks forbid is no evidence."""
    golden = golden_records(records.drop("uid").join(owners, on="id"), rules, corrected_values(connection))
    return Side(owners, golden, identity_keys(with_locks(records, read_locked(connection)), rules), rules)

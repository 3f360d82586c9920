"""New memberships and warnings, written list by list with their reasons."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection

from kehu.publish.history import MEMBER
from kehu.publish.notes import notes_of
from kehu.rules.book import RuleBook
from kehu.rules.evaluate import Evaluation
from kehu.rules.reasons import Reason, firing_reasons, level_reasons
from kehu.rules.rolls import Key, Listed
from kehu.store.bulk import indexed_afterwards, insert_alike, next_id
from kehu.tables.runs import memberships, warnings

BY_HAND_REASON = "by hand"
# So many reasons are held at once.
_SLICE = 250_000


@dataclass(frozen=True, slots=True)
class Entries:
    """The run that writes them, and what its rows have in common."""

    connection: Connection
    run_id: int
    as_of: datetime
    book: RuleBook
    evaluation: Evaluation

    def write_memberships(self, entered: Listed) -> None:
        """Open the memberships, level by level."""
        notes = _by_key(notes_of(self.evaluation).rename({"customer": "customer_id"}))
        decided = _by_key(self._decided())
        explained = level_reasons(self.book)
        number = next_id(self.connection, memberships)
        with indexed_afterwards(self.connection, memberships, len(entered), kept="ix_memberships_noted"):
            for key, places in entered.places.items():
                shared = {"ruleset": key[0], "level": key[1], "from_run_id": self.run_id, "digest": ""}
                for part in _slices(places):
                    rows = self._rows(part, number, explained[key]).drop("reason")
                    if key in decided:
                        rows = rows.join(decided[key], on="customer_id", how="left", maintain_order="left")
                        rows = rows.with_columns(pl.coalesce("told", "reasons").alias("reasons")).drop("told")
                    if key in notes:
                        rows = rows.join(notes[key], on="customer_id", how="left", maintain_order="left")
                    insert_alike(self.connection, memberships, rows, shared)
                    number += len(part)

    def write_warnings(self, fired: Listed) -> None:
        """Open the warnings, one kind after the other."""
        shared = self._of_warnings()
        explained = firing_reasons(self.book)
        number = next_id(self.connection, warnings)
        with indexed_afterwards(self.connection, warnings, len(fired), kept="ix_warnings_cleared"):
            for key, places in fired.places.items():
                for part in _slices(places):
                    insert_alike(self.connection, warnings, self._rows(part, number, explained[key]), shared[key])
                    number += len(part)

    def _rows(self, places: pl.Series, number: int, explained: Reason) -> pl.DataFrame:
        """Columns id from the number on, customer_id, reasons and reason."""
        customers = self.evaluation.features["customer"].gather(places).alias("customer_id")
        told = explained.of(self.evaluation.features, places)
        return told.insert_column(0, customers).with_row_index("id", offset=number).cast({"id": pl.Int64})

    def _of_warnings(self) -> dict[Key, Mapping[str, Any]]:
        of_all = {"fired_run_id": self.run_id, "fired_at": self.as_of, "state": "open"}
        return {
            (item.code, rule.code): {
                "ruleset": item.code,
                "warning": rule.code,
                "severity": rule.severity,
                "route": json.dumps(list(rule.route)),
                "digest": item.digest,
                **of_all,
            }
            for item in self.book.rulesets
            for rule in item.warnings
        }

    def _decided(self) -> pl.DataFrame:
        """Who is in a level by hand, and as `told` the reasons' JSON: by whom and why."""
        said = pl.format("{}: {} ({})", pl.lit(BY_HAND_REASON), "reason", "author")
        told = pl.struct(when=said, features=pl.lit(None)).struct.json_encode().alias("told")
        return self.evaluation.by_hand.select(pl.col("customer").alias("customer_id"), *MEMBER[1:], told)


def _slices(places: pl.Series) -> list[pl.Series]:
    return [places.slice(first, _SLICE) for first in range(0, len(places), _SLICE)]


def _by_key(rows: pl.DataFrame) -> dict[Key, pl.DataFrame]:
    """Without the columns ruleset and level, which say which they are."""
    parts = rows.partition_by("ruleset", "level", as_dict=True, include_key=False)
    return {(str(ruleset), str(level)): part for (ruleset, level), part in parts.items()}

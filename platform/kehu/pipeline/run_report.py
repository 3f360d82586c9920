"""What a run found, for those who asked for it and for its record."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from kehu.pipeline.progress import Stage
from kehu.pipeline.recounting import Recount
from kehu.publish.guard import SizeChange
from kehu.publish.publish import Changes, level_counts, warning_counts
from kehu.publish.run_log import Found
from kehu.rules.book import RuleBook
from kehu.rules.evaluate import MEMBERSHIPS, Evaluation

# What the record of a run keeps beside the counts by level and warning.
_COUNTED = ("entered", "left", "fired", "cleared", "slipping", "by_hand")


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run found. `run` is None for a dry run, which writes nothing.

    `slipping` counts memberships that only a grace or minimum stay keeps, `by_hand` those that a person decided.
    `recount` says whose events were counted anew and why; None for a rollback, which counts none.
    While something is `held`, the run is not published; a dry run says what would be.
    """

    run: int | None
    as_of: datetime
    customers: int
    levels: Mapping[str, Mapping[str, int]]
    warnings: Mapping[str, int]
    entered: int
    left: int
    fired: int
    cleared: int
    row_errors: Mapping[str, int]
    slipping: int
    by_hand: int
    recount: Recount | None = None
    held: tuple[SizeChange, ...] = ()
    stages: tuple[Stage, ...] = ()

    @property
    def is_published(self) -> bool:
        """Whether readers see it."""
        return self.run is not None and not self.held

    @property
    def seconds(self) -> dict[str, float]:
        """Wall seconds by stage, in their order."""
        return {stage.stage: stage.seconds for stage in self.stages}

    def found(self, author: str | None) -> Found:
        """The same for the record."""
        counts: dict[str, Any] = {"levels": self.levels, "warnings": self.warnings, "row_errors": self.row_errors}
        counts |= {name: getattr(self, name) for name in _COUNTED}
        if self.recount is not None:
            counts["recount"] = asdict(self.recount)
        if self.held:
            counts["held"] = [asdict(change) for change in self.held]
        return Found(self.customers, counts, [asdict(stage) for stage in self.stages], author)


def counts_of(book: RuleBook, evaluation: Evaluation) -> dict[str, Any]:
    """Customers by level and by warning, as the record keeps them."""
    return {"levels": level_counts(book, evaluation), "warnings": warning_counts(book, evaluation)}


def report_of(
    run_id: int | None, as_of: datetime, book: RuleBook, evaluation: Evaluation, changes: Changes
) -> RunReport:
    """The report of a run, or without a number of a dry one; stages and what is held are not in it yet."""
    by_rules_alone = evaluation.slipping.join(evaluation.by_hand, on=list(MEMBERSHIPS), how="anti")
    return RunReport(
        run=run_id,
        as_of=as_of,
        customers=len(evaluation.features),
        slipping=len(by_rules_alone),
        by_hand=len(evaluation.by_hand),
        **counts_of(book, evaluation),
        entered=len(changes.entered),
        left=len(changes.left),
        fired=len(changes.fired),
        cleared=len(changes.cleared),
        row_errors=evaluation.row_errors,
    )

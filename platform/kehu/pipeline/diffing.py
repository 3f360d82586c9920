"""What changes if the rule directory as it stands replaces another: exact, over all customers, nothing written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl
from sqlalchemy import Engine

from kehu.features.catalogue import Catalogue
from kehu.features.selection import only
from kehu.identity.differences import IdentityDifference
from kehu.model.feature_types import Schema
from kehu.model.money import minor_digits
from kehu.model.problems import refuse_errors
from kehu.pipeline.facts import Present, mirror_folder
from kehu.pipeline.gates import gate_holds, read_gate
from kehu.pipeline.identity_diffing import diff_identity
from kehu.pipeline.progress import Clock, Progress, Watch
from kehu.pipeline.resegmenting import now_of
from kehu.pipeline.rule_bases import PUBLISHED, FileChange, RuleFiles, changed_files, files_as_they_stand, find_base
from kehu.pipeline.rule_directory import FEATURES, read_rule_files
from kehu.pipeline.snapshots import take_snapshot
from kehu.pipeline.transactions import reading
from kehu.publish.standing import standing_as_of
from kehu.reader.customers import Customer, customers_by_id
from kehu.rules.book import RuleBook
from kehu.rules.differences import Answers, BookDifference, answer, compare_books
from kehu.rules.figures import figure_types, figures_of
from kehu.rules.parts import concerned_by, exactly, features_of, part_of
from kehu.rules.samples import Reasons, sample_reasons
from kehu.workspace.workspace import Workspace

# What customers weigh: the feature whose sum tells how much revenue moves.
REVENUE = "revenue_365d"
_OPTION = "--fail-if"


@dataclass(frozen=True, slots=True)
class DiffQuestion:
    """What to compare with (see `find_base`), as of when, and a gate over the figures; each may be left out."""

    base: str | None = None
    as_of: datetime | None = None
    fail_if: str | None = None


@dataclass(frozen=True, slots=True)
class RuleDiff:
    """The difference, with the customers it names and their revenue in minor units.

    `revenue_scale` is None where there is no feature REVENUE; then all revenue is 0. `failed` says whether the
    gate's expression is true, and is None without one; `identity` is None where its rules are the same. A sample that
    a load has merged away since is not in `people`.
    """

    base: str
    as_of: datetime
    files: tuple[FileChange, ...]
    difference: BookDifference
    reasons: Reasons
    people: Mapping[int, Customer]
    revenue_of: Mapping[int, int]
    revenue_scale: int | None
    figures: Mapping[str, int]
    failed: bool | None
    notes: tuple[str, ...]
    seconds: Mapping[str, float]
    identity: IdentityDifference | None = None


@dataclass(frozen=True, slots=True)
class _Rules:
    """One side's files, understood. `codes` are the rule sets to speak of; the book may have more that these ask."""

    files: RuleFiles
    catalogue: Catalogue
    book: RuleBook
    codes: frozenset[str] = frozenset()

    @property
    def feature_files(self) -> dict[str, str]:
        return {path: text for path, text in self.files.texts.items() if path.startswith(FEATURES)}

    def narrowed(self, codes: set[str], more: set[str]) -> "_Rules":
        """Only those rule sets, and the features that they and others (`more`) ask for."""
        book = part_of(self.book, codes)
        return _Rules(self.files, only(self.catalogue, features_of(book) | more), book, frozenset(codes))


def diff_rules(
    workspace: Workspace, engine: Engine, question: DiffQuestion, *, clock: Clock, progress: Progress
) -> RuleDiff:
    """The workspace's rules against the base, as of an instant or by the workspace's clock.

    A rule set whose file and features are the same on both sides moves nobody and is not computed. Raises
    RefusedError when the files of either side or the gate are wrong, or when there is no such base.
    """
    watch = Watch(progress)
    now = _read(files_as_they_stand(workspace), workspace)
    before = _read(find_base(workspace, engine, question.base, (now.files, now.book)), workspace)
    scale = _revenue_scale(now.catalogue.schema)
    types = figure_types(scale)
    gate = None if question.fail_if is None else read_gate(question.fail_if, types, _OPTION)
    instant = question.as_of or now_of(workspace, engine, clock)
    before, now = (replace(side, book=side.book.in_force(instant)) for side in (before, now))
    present = Present(engine, mirror_folder(engine, workspace.root), progress)
    old, new, revenue = _answers(present, _concerned(before, now), instant, watch)
    with watch("compare"):
        difference = compare_books(old, new, revenue)
        reasons = sample_reasons(difference, old, new)
    with watch("identity"):
        standing = question.base in {None, PUBLISHED}
        identity = diff_identity(workspace, engine, None if standing else before.files.texts, now.files.texts)
    files = changed_files(before.files, now.files)
    total = revenue.select(pl.col("weight").cast(pl.Int128).sum()).item()
    regrouped = (0, 0) if identity is None else (identity.merged, identity.parted)
    figures = figures_of(
        difference, customers=len(revenue), revenue=total, files_changed=len(files), regrouped=regrouped
    )
    named = {customer for customer, _, _ in (*reasons.then, *reasons.now)}
    with reading(engine) as connection:
        people = customers_by_id(connection, named)
    return RuleDiff(
        before.files.name,
        instant,
        files,
        difference,
        reasons,
        people,
        dict(revenue.filter(pl.col("customer").is_in(named)).rows()),
        scale,
        {name: figures[name] for name in types},
        None if gate is None else gate_holds(gate, figures, types, _OPTION),
        (*before.files.notes, *_failing(old, new)),
        watch.seconds,
        identity,
    )


def _read(files: RuleFiles, workspace: Workspace) -> _Rules:
    catalogue, book, problems = read_rule_files(files.texts, files.shown, minor_digits(workspace.settings.currency))
    refuse_errors(problems)
    return _Rules(files, catalogue, book)


def _concerned(before: _Rules, now: _Rules) -> tuple[_Rules, _Rules]:
    """Both sides without the rule sets that cannot differ; one catalogue for both where the features are the same."""
    was, is_ = ({item.code: item.digest for item in side.book.rulesets} for side in (before, now))
    if before.feature_files != now.feature_files:
        codes = was.keys() | is_.keys()
        return before.narrowed(codes, {REVENUE}), now.narrowed(codes, {REVENUE})
    changed = {code for code, _ in was.items() ^ is_.items()}
    codes = concerned_by(before.book, changed) | concerned_by(now.book, changed)
    asked = {REVENUE} | features_of(part_of(before.book, codes)) | features_of(part_of(now.book, codes))
    new = now.narrowed(codes, asked)
    return _Rules(before.files, new.catalogue, part_of(before.book, codes), frozenset(codes)), new


def _answers(
    present: Present, sides: tuple[_Rules, _Rules], as_of: datetime, watch: Watch
) -> tuple[Answers, Answers, pl.DataFrame]:
    """Both sides' answers over one state of the database, and each customer's revenue as its weight."""
    before, now = sides
    with watch("features"):
        snapshot = take_snapshot(present, [before.catalogue, now.catalogue])
        features = snapshot.features(now.catalogue, as_of)
        same = before.catalogue is now.catalogue
        earlier = features if same else snapshot.features(before.catalogue, as_of)
    with watch("rules"):
        with reading(present.engine) as connection:
            standing = standing_as_of(connection, [before.book, now.book], as_of)
        old, new = (
            _told(answer(side.book, frame, as_of, standing), side.codes)
            for side, frame in ((before, earlier), (now, features))
        )
    weight = pl.lit(0) if _revenue_scale(now.catalogue.schema) is None else pl.col(REVENUE).fill_null(0)
    return old, new, features.select("customer", weight=weight.cast(pl.Int64))


def _told(answers: Answers, codes: frozenset[str]) -> Answers:
    """The answers of those rule sets alone; the others were only asked by them."""
    return replace(answers, book=exactly(answers.book, codes))


def _revenue_scale(schema: Schema) -> int | None:
    kind = schema.get(REVENUE)
    return kind.scale if kind is not None and kind.kind in {"decimal", "integer"} else None


def _failing(old: Answers, new: Answers) -> list[str]:
    """Where a condition can be computed for more or fewer customers than before."""
    was, now = old.evaluation.row_errors, new.evaluation.row_errors
    return [
        f"{rule}: cannot be computed for {now.get(rule, 0):,} customers, before for {was.get(rule, 0):,}"
        for rule in sorted(was.keys() | now.keys())
        if was.get(rule, 0) != now.get(rule, 0)
    ]

"""Rule tests run: each case's features, given or computed of its events, and what the rules say of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from kehu.features.catalogue import Catalogue
from kehu.features.compute import compute
from kehu.features.given_events import event_frames
from kehu.features.streams import ATTRIBUTES
from kehu.model.feature_types import POLARS_TYPES
from kehu.model.problems import Place
from kehu.pipeline.case_files import Case, ExpectedReason
from kehu.rules.book import Level, RuleBook, RuleSet, WarningRule
from kehu.rules.evaluate import Evaluation, evaluate
from kehu.rules.examples import complete_row
from kehu.rules.reasons import warning_reasons
from kehu.rules.standing import HELD, Standing
from kehu.rules.truths import Truth, deciding, truth_of
from kehu.rules.verdicts import counting_variant
from kehu.rules.wording import worded

_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that does not hold; `because` names the clauses that decided otherwise."""

    place: Place
    ruleset: str
    expected: str
    got: str
    because: str = ""

    def __str__(self) -> str:
        reason = f" ({self.because})" if self.because else ""
        return f"{self.place}: {self.ruleset}: expected {self.expected}, got {self.got}{reason}"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case and every expectation of it that does not hold."""

    case: Case
    failures: tuple[Failure, ...]


def run_cases(cases: Sequence[Case], catalogue: Catalogue, book: RuleBook) -> list[CaseResult]:
    """Every case's result, in their order.

    Cases are computed together, one customer each, so that a rank compares them with each other: give such a
    feature rather than events. Raises RefusedError when a computed feature breaks its contract.
    """
    results: dict[int, CaseResult] = {}
    for as_of in dict.fromkeys(case.as_of for case in cases):
        there = book.in_force(as_of)
        for from_events in (True, False):
            chosen = {
                number: case
                for number, case in enumerate(cases)
                if case.as_of == as_of and (case.events is not None) is from_events
            }
            if chosen:
                features = _computed(chosen, catalogue) if from_events else _given(chosen, catalogue)
                evaluation = evaluate(there, features, as_of, _standing(chosen))
                results |= _Answers(there, evaluation.features, evaluation).results(chosen)
    return [results[number] for number in sorted(results)]


def uncovered(cases: Sequence[Case], book: RuleBook) -> list[str]:
    """The levels and warnings, as "rule set/code", that no case expects."""
    expected = {(ruleset, code) for case in cases for ruleset, wanted in case.expect.items() for code in wanted.codes}
    return [
        f"{item.code}/{code}"
        for item in book.latest().rulesets
        for code in codes_of(item)
        if (item.code, code) not in expected
    ]


def codes_of(ruleset: RuleSet) -> list[str]:
    """The codes of its levels or warnings, in the order of the file."""
    return [level.code for level in ruleset.levels] + [rule.code for rule in ruleset.warnings]


def _standing(cases: Mapping[int, Case]) -> Standing:
    """What the cases' customers hold already."""
    rows = []
    for number, case in cases.items():
        for ruleset, levels in case.held.items():
            for held in levels:
                below = _before(case.as_of, held.below) if held.below else None
                rows.append((number, ruleset, held.code, _before(case.as_of, held.since), below))
    return Standing(pl.DataFrame(rows, schema=HELD, orient="row"))


def _before(instant: datetime, length: timedelta) -> datetime:
    """The instant that long before it, the first there is where that lies before all years."""
    return instant - min(length, instant - _BEGINNING)


def _customers(cases: Mapping[int, Case]) -> pl.DataFrame:
    """A customer per case, a company unless it says otherwise."""
    schema = {"customer": pl.Int64(), **{name: POLARS_TYPES[kind.kind] for name, kind in ATTRIBUTES.items()}}
    rows = [
        {"customer": number, "kind": ATTRIBUTES["kind"].words[0], **case.attributes} for number, case in cases.items()
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _computed(cases: Mapping[int, Case], catalogue: Catalogue) -> pl.DataFrame:
    events = event_frames({number: case.events or {} for number, case in cases.items()})
    as_of = next(iter(cases.values())).as_of
    return compute(catalogue, _customers(cases), events, as_of)


def _given(cases: Mapping[int, Case], catalogue: Catalogue) -> pl.DataFrame:
    """The features as given; those of the customer itself from its attributes, others at their neutral value."""
    own = {item.info.name: item.column for item in catalogue.declarations if item.operation == "attribute"}
    customers = {row["customer"]: row for row in _customers(cases).to_dicts()}
    schema = catalogue.schema
    rows = []
    for number, case in cases.items():
        told = {name: customers[number][column] for name, column in own.items()} | dict(case.given)
        known = {name: value for name, value in told.items() if value is not None or schema[name].nullable}
        rows.append({"customer": number, **complete_row(known, list(schema), schema)})
    columns = {"customer": pl.Int64(), **{name: POLARS_TYPES[kind.kind] for name, kind in schema.items()}}
    return pl.DataFrame(rows, schema=columns, orient="row")


@dataclass(frozen=True, slots=True)
class _Answers:
    """What the rules say of some cases, all as of one instant."""

    book: RuleBook
    features: pl.DataFrame
    evaluation: Evaluation

    def results(self, cases: Mapping[int, Case]) -> dict[int, CaseResult]:
        holding: dict[tuple[int, str], tuple[str, ...]] = {}
        levels = self.evaluation.memberships.select("customer", "ruleset", "level").rows()
        fired = self.evaluation.warnings.select("customer", "ruleset", "warning").rows()
        for number, ruleset, code in [*levels, *fired]:
            holding[number, ruleset] = (*holding.get((number, ruleset), ()), code)
        texts = warning_reasons(self.book, self.features, self.evaluation.warnings)["reason"]
        reasons = {key: str(text).strip() for key, text in zip(fired, texts, strict=True)}
        rows = {row["customer"]: row for row in self.features.to_dicts()}
        return {number: self._result(case, number, rows[number], holding, reasons) for number, case in cases.items()}

    def _result(
        self,
        case: Case,
        number: int,
        row: Mapping[str, object],
        holding: Mapping[tuple[int, str], tuple[str, ...]],
        reasons: Mapping[tuple[int, str, str], str],
    ) -> CaseResult:
        failures: list[Failure] = []
        for code, wanted in case.expect.items():
            got = holding.get((number, code), ())
            if sorted(got) != sorted(wanted.codes):
                because = self._because(case, code, set(got) ^ set(wanted.codes), row)
                failures.append(Failure(wanted.place, code, _listed(wanted.codes), _listed(got), because))
        for code, texts in case.reasons.items():
            said = {
                warning: text for (each, ruleset, warning), text in reasons.items() if (each, ruleset) == (number, code)
            }
            failures += [_unsaid(code, wanted, said) for wanted in texts if not _is_said(wanted, said)]
        return CaseResult(case, tuple(failures))

    def _because(self, case: Case, code: str, differing: set[str], row: Mapping[str, object]) -> str:
        """The clauses that decided the first condition on which case and rules differ."""
        ruleset = next((item for item in self.book.rulesets if item.code == code), None)
        if ruleset is None:
            return "it is not in force then"

        def truth(condition: str) -> Truth:
            return truth_of(condition, row, self.book.schema, case.as_of)

        entries: tuple[Level | WarningRule, ...] = (*ruleset.levels, *ruleset.warnings)
        for entry in entries:
            if entry.code in differing and entry.when is not None:
                leaves = deciding(truth(counting_variant(entry, truth).when))
                return "; ".join(
                    f"'{leaf.text}' is {leaf.state}: {', '.join(f'{n} is {worded(v)}' for n, v in leaf.values)}"
                    for leaf in leaves
                )
        return ""


def _is_said(wanted: ExpectedReason, said: Mapping[str, str]) -> bool:
    return wanted.text in said.values() if not wanted.warning else said.get(wanted.warning) == wanted.text


def _unsaid(code: str, wanted: ExpectedReason, said: Mapping[str, str]) -> Failure:
    told = [text for warning, text in said.items() if wanted.warning in {"", warning}]
    name = f"{code}/{wanted.warning}" if wanted.warning else code
    return Failure(wanted.place, name, f'"{wanted.text}"', " and ".join(f'"{text}"' for text in told) or "no warning")


def _listed(codes: Sequence[str]) -> str:
    return ", ".join(f"'{code}'" for code in codes) or "nothing"

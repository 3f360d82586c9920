"""The conditions of one rule file, compiled with the place of every token, and the features its reasons name."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from kehu.model.feature_types import Schema
from kehu.model.problems import Place, Problem, did_you_mean
from kehu.model.yaml_nodes import Scalar
from kehu.rules.compiler import Compiled, compile_condition
from kehu.rules.entries import Entry
from kehu.rules.files import Draft
from kehu.rules.spans import scalar_place

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_CUT_OFF = re.compile(r"[ \t]+#[^\r\n]*")


@dataclass(frozen=True, slots=True)
class CompiledDraft:
    """By code, what makes customers enter, and what lets holders stay where that is a condition of its own.

    Conditions that are wrong are absent, as is that of the level that takes the rest.
    """

    entering: dict[str, Compiled]
    keeping: dict[str, Compiled]
    problems: list[Problem] = field(default_factory=list)

    @property
    def all(self) -> tuple[Compiled, ...]:
        """Every condition."""
        return (*self.entering.values(), *self.keeping.values())


def compile_draft(draft: Draft, schema: Schema, as_of: datetime) -> CompiledDraft:
    """The compiled conditions and all problems found; mistakes are told where they were written, and once."""
    compiler = _Compiler(draft, schema, as_of)
    pieces = [compiler.as_written(piece) for piece in draft.pieces]
    if all(piece is not None for piece in pieces):
        for entry in draft.entries:
            compiler.entry(entry)
    for entry in draft.entries:
        compiler.found.problems.extend(_reason_problems(entry, draft.file_text, schema))
    return compiler.found


@dataclass(frozen=True, slots=True)
class _Compiler:
    draft: Draft
    schema: Schema
    as_of: datetime
    found: CompiledDraft = field(default_factory=lambda: CompiledDraft({}, {}))

    def entry(self, entry: Entry) -> None:
        """Compile what was written, then what is made of it, which is only as right."""
        if self.draft.pieces:
            self._made(entry)
            return
        written = {scalar.start: self._asking(entry, scalar) for scalar in entry.written}
        if entry.when is None or any(compiled is None for compiled in written.values()):
            return
        if entry.variants:
            self._made(entry)
            return
        parts = ((self.found.entering, entry.when), (self.found.keeping, entry.keeping.condition))
        for conditions, scalar in parts:
            compiled = None if scalar is None else written[scalar.start]
            if compiled is not None:
                conditions[entry.code] = compiled

    def as_written(self, when: Scalar) -> Compiled | None:
        """The condition with its places, None where it is wrong."""
        place = partial(scalar_place, when, self.draft.file_text)
        result = compile_condition(when.text, self.schema, self.as_of, place)
        if not isinstance(result, list):
            self.found.problems.extend(result.warnings)
            return result
        if when.style is None and result[0].check == "syntax":
            result = _cut_off(when, self.draft.file_text, result)
        self.found.problems.extend(result)
        return None

    def _asking(self, entry: Entry, when: Scalar) -> Compiled | None:
        compiled = self.as_written(when)
        if compiled is not None and not compiled.features:
            self.found.problems.append(_constant(entry, when))
            return None
        return compiled

    def _made(self, entry: Entry) -> None:
        """The conditions made of several; what is wrong only with the whole stands where the entry does."""
        parts = ((self.found.entering, entry.condition), (self.found.keeping, entry.keep_condition))
        for conditions, text in parts:
            if text is not None:
                where = entry.place if entry.when is None else entry.when.place
                result = compile_condition(text, self.schema, self.as_of, partial(_standing, where))
                if isinstance(result, list):
                    self.found.problems.extend(result)
                else:
                    conditions[entry.code] = result


def _standing(place: Place, _offset: int) -> Place:
    return place


def _cut_off(when: Scalar, source: str, problems: list[Problem]) -> list[Problem]:
    lost = _CUT_OFF.match(source, when.end)
    if lost is None:
        return problems
    said = f"YAML takes {lost[0].strip()[:20]!r} for a comment and cuts the condition off before it"
    return [Problem(problems[0].place, "cut-off", said, "write the condition after 'when: |'")]


def _constant(entry: Entry, when: Scalar) -> Problem:
    said = f"the condition of '{entry.code}' asks for no feature, so it is the same for every customer"
    remedy = "write 'otherwise: true' for the level that takes the rest" if when.text == "true" else "name a feature"
    return Problem(when.place, "constant-condition", said, remedy)


def _reason_problems(entry: Entry, source: str, schema: Schema) -> list[Problem]:
    if entry.reason is None:
        return []
    text = entry.reason.text
    problems = [
        Problem(
            scalar_place(entry.reason, source, found.start(1)),
            "unknown-feature",
            f"unknown feature '{found[1]}'",
            did_you_mean(found[1], schema) or "write {feature}",
        )
        for found in PLACEHOLDER.finditer(text)
        if found[1] not in schema
    ]
    stray = re.search(r"[{}]", PLACEHOLDER.sub(lambda found: " " * len(found[0]), text))
    if stray:
        place = scalar_place(entry.reason, source, stray.start())
        problems.append(Problem(place, "stray-brace", f"'{stray[0]}' has no partner", "write {feature}"))
    return problems

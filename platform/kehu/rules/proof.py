"""Whether the examples of a rule file hold: once on the interpreter, once on the compiled columns."""

from collections.abc import Mapping, Sequence

import polars as pl

from kehu.model.feature_types import POLARS_TYPES, Schema
from kehu.rules.conditions import CompiledDraft, compile_draft
from kehu.rules.entries import Entry
from kehu.rules.examples import UNDATED, Example, complete_row, read_examples
from kehu.rules.files import Draft
from kehu.rules.interpreter import Interpreter, engine_row
from kehu.rules.shapes import Shapes

_LONGEST_QUOTE = 60
_ROW = "row number"  # no code or feature can be called so


def check_examples(draft: Draft, compiled: CompiledDraft, schema: Schema, shapes: Shapes) -> None:
    """Note every example that is wrong, missing or does not hold; needs all conditions compiled."""
    examples = read_examples(draft, schema, shapes)
    if len(examples) < len(draft.examples):
        return
    _check_coverage(draft, examples, shapes)
    undated = [example for example in examples if example.as_of is None]
    if undated and any(each.asks_time for each in compiled.all):
        said, remedy = "the conditions ask for the time, the example does not say it", "add 'as_of: 2024-06-30T00:00Z'"
        shapes.note(undated[0].place, "example-undated", said, remedy)
        return
    for as_of in dict.fromkeys(example.as_of or UNDATED for example in examples):
        dated = [example for example in examples if (example.as_of or UNDATED) == as_of]
        _check_answers(draft, compile_draft(draft, schema, as_of), dated, schema, shapes)


def _check_coverage(draft: Draft, examples: Sequence[Example], shapes: Shapes) -> None:
    """Every entry is expected once of who does not hold it and, unless it takes the rest, once not."""
    for entry in draft.entries:
        inside = [example for example in examples if entry.code in example.expected]
        if all(entry.code in {each.code for each in example.held} for example in inside):
            of_itself = " of itself" if inside else ""
            remedy = f"add one with 'expect: {entry.code}'{' and nothing held' if inside else ''}"
            shapes.note(entry.place, "missing-example", f"no example falls into '{entry.code}'{of_itself}", remedy)
        if len(inside) == len(examples) and entry.when is not None:
            remedy = "add one that just misses its condition"
            shapes.note(entry.place, "missing-example", f"no example stays out of '{entry.code}'", remedy)


def _check_answers(
    draft: Draft, compiled: CompiledDraft, examples: Sequence[Example], schema: Schema, shapes: Shapes
) -> None:
    features = sorted({name for each in compiled.all for name in each.features})
    rows = [complete_row(example.row, features, schema) for example in examples]
    columns = {name: POLARS_TYPES[schema[name].kind] for name in features}
    frame = pl.DataFrame(rows, schema=columns, orient="row").with_row_index(_ROW)
    both = {**compiled.entering, **{f"keep {code}": each for code, each in compiled.keeping.items()}}
    matches = frame.select(_ROW, *(each.match.alias(code) for code, each in both.items()))
    engines = {code: Interpreter(each.root) for code, each in both.items()}
    for example, row, columns_say in zip(examples, rows, matches.iter_rows(named=True), strict=True):
        engine_says = {code: bool(engine.outcome(engine_row(row, schema))) for code, engine in engines.items()}
        answer = _answer(draft, example, engine_says)
        if answer != _answer(draft, example, columns_say):
            said = (
                f"interpreter and columns disagree: {_listed(answer)}, {_listed(_answer(draft, example, columns_say))}"
            )
            shapes.note(example.place, "engines-differ", said, "report this condition")
        if answer != example.expected:
            said = f"expected {_listed(example.expected)}, but the rules give {_listed(answer)}"
            shapes.note(example.expect_place, "example-fails", said, _reason(draft, answer, example.expected))


def _answer(draft: Draft, example: Example, truths: Mapping[str, bool]) -> tuple[str, ...]:
    holding = tuple(entry.code for entry in draft.entries if entry.when is None or _stands(entry, example, truths))
    return holding[:1] if draft.kind == "tier" else holding


def _stands(entry: Entry, example: Example, truths: Mapping[str, bool]) -> bool:
    """Whether the customer is in it, by its condition or because it holds it already."""
    held = next((each for each in example.held if each.code == entry.code), None)
    if truths[entry.code] or held is None:
        return truths[entry.code]
    kept = truths.get(f"keep {entry.code}", False)
    return kept or held.below < entry.keeping.grace or held.since < entry.keeping.minimum_stay


def _listed(codes: Sequence[str]) -> str:
    return ", ".join(f"'{code}'" for code in codes) or "nothing"


def _reason(draft: Draft, answer: Sequence[str], expected: Sequence[str]) -> str:
    """The first condition that decides otherwise than the example says."""
    for entry in draft.entries:
        if (entry.code in answer) != (entry.code in expected) and entry.when is not None:
            text = " ".join(entry.when.text.split())
            quote = text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"
            return f"'{quote}' is {'true' if entry.code in answer else 'false'} here"
    return ""

"""The conditions of one rule file, compiled with the place of every token, and the features its reasons name."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from kehu.model.feature_types import Schema
from kehu.model.problems import Place, Problem, did_you_mean
from kehu.model.yaml_nodes import Scalar
from kehu.rules.compiler import Compiled, compile_condition
from kehu.rules.files import Draft, Entry
from kehu.rules.spans import scalar_place

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_CUT_OFF = re.compile(r"[ \t]+#[^\r\n]*")


def compile_draft(draft: Draft, schema: Schema, as_of: datetime) -> tuple[Mapping[str, Compiled], list[Problem]]:
    """The compiled conditions by code, without those that take the rest or are wrong, and all problems found."""
    compiled: dict[str, Compiled] = {}
    problems: list[Problem] = []
    for when in draft.points:
        result = _compiled(when, draft.source, schema, as_of)
        problems += result if isinstance(result, list) else result.warnings
    if draft.points:
        return _bands(draft, schema, as_of, problems), problems
    for entry in draft.entries:
        if entry.when is not None:
            result = _compiled(entry.when, draft.source, schema, as_of)
            if isinstance(result, list):
                problems += result
            else:
                compiled[entry.code] = result
                problems += [*result.warnings, *_constant(entry, entry.when, result)]
        problems += _reason_problems(entry, draft.source, schema)
    return compiled, problems


def _bands(draft: Draft, schema: Schema, as_of: datetime, problems: list[Problem]) -> Mapping[str, Compiled]:
    """The conditions made of the points; they are only as right as the points, so they are not told twice."""
    compiled: dict[str, Compiled] = {}
    if any(problem.severity == "error" for problem in problems):
        return compiled
    for entry in draft.entries:
        if entry.when is None:
            continue
        place = entry.when.place
        result = compile_condition(entry.when.text, schema, as_of, partial(_standing, place))
        if isinstance(result, list):
            problems += result
        else:
            compiled[entry.code] = result
    return compiled


def _standing(place: Place, _offset: int) -> Place:
    return place


def _compiled(when: Scalar, source: str, schema: Schema, as_of: datetime) -> Compiled | list[Problem]:
    result = compile_condition(when.text, schema, as_of, partial(scalar_place, when, source))
    if isinstance(result, list) and when.style is None and result[0].check == "syntax":
        lost = _CUT_OFF.match(source, when.end)
        if lost:
            said = f"YAML takes {lost[0].strip()[:20]!r} for a comment and cuts the condition off before it"
            return [Problem(result[0].place, "cut-off", said, "write the condition after 'when: |'")]
    return result


def _constant(entry: Entry, when: Scalar, compiled: Compiled) -> list[Problem]:
    if compiled.features:
        return []
    said = f"the condition of '{entry.code}' asks for no feature, so it is the same for every customer"
    remedy = "write 'otherwise: true' for the level that takes the rest" if when.text == "true" else "name a feature"
    return [Problem(when.place, "constant-condition", said, remedy)]


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

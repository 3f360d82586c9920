"""A rule file as its writer wrote it: nodes with places, in the right shape, not yet understood."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from kehu.model.feature_types import Label
from kehu.model.problems import Place, Problem
from kehu.model.yaml_nodes import Mapping, Node, Scalar, read_documents
from kehu.rules.effective import Effective, read_effective
from kehu.rules.entries import Entry
from kehu.rules.kinds import Kind, RuleKind, kinds
from kehu.rules.shapes import Shapes

# A document may begin on the line of its mark; a comment there is no part of it.
_MARK = re.compile(
    r"(?<![^\n\r\x85\u2028\u2029])---(?!\S)[ \t]*(?:#[^\n\r\x85\u2028\u2029]*)?(?:\r\n|[\n\r\x85\u2028\u2029])?"
)
FILE_KEYS = ("ruleset", "kind", "label", "description", "effective", "examples")


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule set in the right shape; its conditions and examples are still text.

    `pieces` are the conditions that those of its levels are made of, where its kind makes them. `file_text` is what
    places count in; `source` is the rule set's own part of it, all of it where the file has one rule set.
    """

    code: str
    kind: Kind
    written: str
    label: Label
    description: str
    effective: Effective
    entries: tuple[Entry, ...]
    pieces: tuple[Scalar, ...]
    examples: tuple[Node, ...]
    path: str
    file_text: str
    source: str
    place: Place


def read_drafts(text: str, path: str) -> tuple[list[tuple[Draft, list[Problem]]], list[Problem]]:
    """The file's rule sets, a document each, with what is wrong with the shape of each.

    The problems beside them are those of documents of which it cannot be told which rule set they are, and the file's.
    """
    roots, problems = read_documents(text, path)
    problems = [_with_yaml_remedy(problem, text) for problem in problems]
    if not roots and not problems:
        problems = [Problem(Place(path), "empty-file", "the file has no rule set", "start with 'ruleset: <code>'")]
    drafts: list[tuple[Draft, list[Problem]]] = []
    for root, source in zip(roots, _parts(text, roots), strict=True):
        shapes = Shapes()
        draft = _draft(root, text, source, shapes)
        if draft is None:
            problems += shapes.problems
        else:
            drafts.append((draft, shapes.problems))
    return drafts, problems


def _parts(text: str, roots: Sequence[Node]) -> list[str]:
    """The text of each document; comments before a document's first key belong to it."""
    marks = [found.span() for found in _MARK.finditer(text)]
    behind = [end for _, end in marks]
    before = [marks[bisect_right(behind, root.start) - 1] for root in roots[1:]]
    begins = [0, *(end for _, end in before)]
    ends = [*(start for start, _ in before), len(text)]
    return [text[begin:end] for begin, end in zip(begins, ends, strict=True)][: len(roots)]


def _draft(root: Node, text: str, source: str, shapes: Shapes) -> Draft | None:
    known = kinds()
    kind_node = root.get("kind") if isinstance(root, Mapping) else None
    written = kind_node.text if isinstance(kind_node, Scalar) else ""
    kind = known.get(written)
    keys = kind.keys if kind else tuple(dict.fromkeys(key for each in known.values() for key in each.keys))
    top = shapes.mapping(root, "a rule file", (*FILE_KEYS, *keys), ("ruleset", "kind", *(keys if kind else ())))
    if top is None:
        return None
    code = shapes.code(top.get("ruleset"), "the code of a rule set")
    shapes.word(kind_node, "a kind of rule set", known)
    label = shapes.label(top.get("label"), top.place, f"rule set '{code}'")
    description = shapes.text(top.get("description"), "a description")
    effective = read_effective(top.get("effective"), shapes)
    if kind is None:
        return None
    body = kind.read(top, shapes)
    _check_entries(body.entries, kind, shapes)
    return Draft(
        code,
        kind.means,
        written,
        label,
        description,
        effective,
        body.entries,
        body.pieces,
        shapes.items(top.get("examples"), "'examples'"),
        root.place.path,
        text,
        source,
        top.entries["ruleset"].place if "ruleset" in top.entries else top.place,
    )


def _check_entries(entries: Sequence[Entry], kind: RuleKind, shapes: Shapes) -> None:
    _check_codes(entries, shapes)
    _check_otherwise(entries, kind.means, shapes)


def _check_codes(entries: Sequence[Entry], shapes: Shapes) -> None:
    first: dict[str, Place] = {}
    for entry in entries:
        if entry.code and entry.code in first:
            remedy = f"the first is on line {first[entry.code].line}"
            shapes.note(entry.place, "duplicate-code", f"'{entry.code}' stands here twice", remedy)
        first.setdefault(entry.code, entry.place)


def _check_otherwise(entries: Sequence[Entry], kind: Kind, shapes: Shapes) -> None:
    rest: Entry | None = None
    for entry in entries:
        if rest is not None:
            said = f"'{entry.code}' is never reached: '{rest.code}' takes the rest"
            shapes.note(entry.place, "unreachable-level", said, "put 'otherwise: true' last")
        elif entry.otherwise and kind == "tier":
            rest = entry
        elif entry.otherwise and kind == "flag":
            said = f"flag '{entry.code}' cannot take the rest"
            shapes.note(entry.place, "level-condition", said, "give it a 'when', or make the rule set a tier")


def _with_yaml_remedy(problem: Problem, source: str) -> Problem:
    """YAML's own messages do not say that a condition needs `when: |`."""
    lines = source.splitlines()
    line = lines[problem.place.line - 1] if problem.place.line <= len(lines) else ""
    if problem.check != "yaml-syntax" or "when:" not in line:
        return problem
    remedy = "YAML reads signs of this condition as its own: write it after 'when: |' on a line of its own"
    return Problem(problem.place, problem.check, problem.message, remedy, problem.severity)

"""Outcomes as JUnit XML, the form in which build servers show tests."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

# Characters that no XML 1.0 document may hold, not even escaped (W3C, Extensible Markup Language 1.0, 2.2).
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case and how it went: `failures` holds a line each, none when it passed; `remarks` do not fail it."""

    name: str
    file: str
    line: int = 1
    failures: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def junit(title: str, suites: Sequence[tuple[str, Sequence[Outcome]]]) -> str:
    """The document: a `testsuite` for each name with its cases, all under `title`."""
    every = [outcome for _, outcomes in suites for outcome in outcomes]
    root = ET.Element("testsuites", {"name": _clean(title), **_counts(every)})
    for name, outcomes in suites:
        suite = ET.SubElement(root, "testsuite", {"name": _clean(name), **_counts(outcomes)})
        for outcome in outcomes:
            _case(suite, name, outcome)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}'


def _case(suite: ET.Element, name: str, outcome: Outcome) -> None:
    where = {"file": _clean(outcome.file), "line": str(outcome.line)}
    case = ET.SubElement(suite, "testcase", {"classname": _clean(name), "name": _clean(outcome.name), **where})
    if outcome.failures:
        first = outcome.failures[0]
        ET.SubElement(case, "failure", {"message": _clean(first)}).text = _clean("\n".join(outcome.failures))
    if outcome.remarks:
        ET.SubElement(case, "system-out").text = _clean("\n".join(outcome.remarks))


def _counts(outcomes: Sequence[Outcome]) -> dict[str, str]:
    failed = sum(bool(outcome.failures) for outcome in outcomes)
    return {"tests": str(len(outcomes)), "failures": str(failed), "errors": "0"}


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)

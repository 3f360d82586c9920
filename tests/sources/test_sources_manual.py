"""docs/sources.md against the code: its example, its tables, and that nothing is left out."""

import re
from pathlib import Path
from typing import get_args

import pytest

from kehu.model.graph import FIELDS, PARTY_FIELDS, Entity, Field
from kehu.sources.dates import DIRECTIVES
from kehu.sources.read import ENCODINGS, READ_KEYS, SOURCE_KEYS, read_source
from kehu.sources.units import MONEY_UNITS, WEIGHT_UNITS
from kehu.sources.values import CELL_KEYS

MANUAL = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading, without its head."""
    section = MANUAL.split(f"\n{heading}\n", 1)[1]
    lines = section[section.index("\n|") + 1 :].split("\n\n", 1)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def field_row(field: Field) -> list[str]:
    """A field as the manual lists it."""
    kind = field.kind + (": " + ", ".join(f"`{word}`" for word in field.words) if field.words else "")
    if field.low is not None:
        kind += f", {field.low} or more" if field.high is None else f", {field.low} to {field.high}"
    return [f"`{field.name}`", kind, "yes" if field.required else ""]


def test_the_example_is_a_sound_declaration() -> None:
    example = MANUAL.split("```yaml\n", 1)[1].split("```", 1)[0]
    source, problems = read_source(example, "s.yaml", timezone="UTC", currency="CNY", formats=["csv"])
    assert problems == []
    assert source is not None
    assert {record.entity for record in source.records} == {"shipment"}


@pytest.mark.parametrize("entity", get_args(Entity))
def test_the_fields_of_each_record_are_listed(entity: Entity) -> None:
    assert table(f"### {entity}") == [field_row(field) for field in FIELDS[entity]]


def test_the_parts_of_a_party_are_listed() -> None:
    assert table("### Parts of a party") == [field_row(field) for field in PARTY_FIELDS]


@pytest.mark.parametrize(
    ("heading", "rows"),
    [
        ("## The file", SOURCE_KEYS),
        ("### A column and its conversion", CELL_KEYS),
        ("### Dates", DIRECTIVES),
    ],
)
def test_keys_and_directives_are_listed_with_what_they_mean(heading: str, rows: dict[str, str]) -> None:
    assert table(heading) == [[f"`{name}`", meaning] for name, meaning in rows.items()]


def test_read_options_units_and_encodings_are_named() -> None:
    options = {option for options in READ_KEYS.values() for option in options}
    named = set(re.findall(r"`([^`\n]+)`", MANUAL))
    assert {*options, *READ_KEYS, *ENCODINGS, *WEIGHT_UNITS, *MONEY_UNITS} - named == set()

"""docs/language.md, written anew from the constructs: `python -m kehu.rules.language_page`."""

from collections.abc import Iterator
from pathlib import Path

from kehu.model.feature_types import FeatureType
from kehu.rules.constructs import CONSTRUCTS, PROBE, Construct

PAGE = Path(__file__).parents[3] / "docs" / "language.md"

_HEAD = """\
# The language of conditions, whole

Conditions are expressions of rule-engine 5.1, computed for all customers at once. Each construct below is

- **exact**: the answer is the interpreter's own, on every row, a row that fails among them;
- **with care**: computed, with a warning from `kehu rules check` that says where the answer may differ;
- **refused**: `kehu rules check` gives the place, the reason and what stands under *instead*.

[Rules](rules.md) tells how conditions are used. This page is written by `python -m kehu.rules.language_page` from the
table the tests compile; they also hold that no part of rule-engine's language is missing from it.

The examples speak of these features:

| feature | holds |
|---|---|
"""

_TAIL = """
## On other engines

Rules are evaluated by Polars. The same conditions compile through Narwhals, for DuckDB among others, and answer row
for row as Polars does; the tests compare thousands. Refused there by name:

- the items of a list, and 'in' of a feature and a list
- a position that is not written out, as in `name[count]`
- bits of a number
- '.year', '.month' and '.day' of an instant that is reckoned, as in `(seen_at + t"P1D").year`
- on DuckDB '.as_lower' and '.as_upper', which know fewer letters: 'ß' stays one
- what SQL, which names no shared parts, would write out too long
"""


def page() -> str:
    """The page's text."""
    features = "".join(f"| `{name}` | {_held(kind)} |\n" for name, kind in PROBE.items())
    return _HEAD + features + "".join(_section(name, rows) for name, rows in CONSTRUCTS.items()) + _TAIL


def main() -> None:
    """Write the page as it is now."""
    PAGE.write_text(page(), encoding="utf-8")


def _section(name: str, rows: tuple[Construct, ...]) -> str:
    return f"\n## {name}\n\n| construct | example | | instead |\n|---|---|---|---|\n" + "".join(_lines(rows))


def _lines(rows: tuple[Construct, ...]) -> Iterator[str]:
    for row in rows:
        examples = ", ".join(f"`{_cell(example)}`" for example in row.examples)
        yield f"| {_cell(row.says)} | {examples} | {row.standing} | {_cell(row.instead)} |\n"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _held(kind: FeatureType) -> str:
    nouns = {
        "integer": f"a whole number of at most {kind.digits} digits",
        "decimal": f"an amount with {kind.scale} decimals",
        "float": "a float, such as a rate",
        "string": f"one of {', '.join(kind.words)}" if kind.words else "a text",
        "boolean": "true or false",
        "instant": "an instant",
        "strings": "a list of texts",
        "integers": f"a list of whole numbers of at most {kind.digits} digits",
    }
    return nouns[kind.kind] + (", or unknown" if kind.nullable else "")


if __name__ == "__main__":
    main()

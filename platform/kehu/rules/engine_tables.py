"""The tables of rule-engine's grammar worked out and written to their file: `python -m kehu.rules.engine_tables`."""

import json
from collections.abc import Mapping

from kehu.rules.engine import TABLES, Rule, yacc


def main() -> None:
    """Write the tables of the grammar as it is now."""
    TABLES.write_text(made_tables(), encoding="utf-8")


def made_tables() -> str:
    """The file's text: by symbol the states that know it and what is done in each, and the productions."""
    grammar = Rule.parser
    reflected = yacc.ParserReflect({name: getattr(grammar, name) for name in dir(grammar)})
    reflected.get_all()
    # A name under which nothing is kept.
    made = yacc.yacc(module=grammar, debug=False, write_tables=False, tabmodule="no_such_tables")
    parts = {
        "version": yacc.__tabversion__,
        "method": "LALR",
        "signature": reflected.signature(),
        "action": _by_symbol(made.action),
        "goto": _by_symbol(made.goto),
        "productions": [(str(each), each.name, each.len, each.func) for each in made.productions],
    }
    lines = (f"{json.dumps(name)}:{json.dumps(part, separators=(',', ':'))}" for name, part in parts.items())
    return "{" + ",\n".join(lines) + "}\n"


def _by_symbol(
    rows: Mapping[int, Mapping[str, int | None]],
) -> dict[str, tuple[list[int], list[int | None]]]:
    columns: dict[str, tuple[list[int], list[int | None]]] = {}
    for state, entries in rows.items():
        for symbol, entry in entries.items():
            states, kept = columns.setdefault(symbol, ([], []))
            states.append(state)
            kept.append(entry)
    return columns


if __name__ == "__main__":
    main()

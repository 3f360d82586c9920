"""rule-engine as the other modules see it, its grammar's tables read from a file.

Working them out takes a third of a second, longer than many a command takes to run. PLY, which reads the grammar, looks
for them beside it and works out its own where they are another grammar's: an upgrade is slower, never wrong.
`python -m kehu.rules.engine_tables` writes the file anew.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

TABLES = Path(__file__).with_name("engine_tables.json")


def _kept_tables() -> ModuleType:
    kept = json.loads(TABLES.read_text(encoding="utf-8"))
    tables = ModuleType("parsetab")
    vars(tables).update(
        _tabversion=kept["version"],
        _lr_method=kept["method"],
        _lr_signature=kept["signature"],
        _lr_action=_by_state(kept["action"]),
        _lr_goto=_by_state(kept["goto"]),
        _lr_productions=[(*production, None, None) for production in kept["productions"]],
    )
    return tables


def _by_state(columns: Mapping[str, tuple[Sequence[int], Sequence[int | None]]]) -> dict[int, dict[str, int | None]]:
    rows: dict[int, dict[str, int | None]] = {}
    for symbol, (states, entries) in columns.items():
        for state, entry in zip(states, entries, strict=True):
            rows.setdefault(state, {})[symbol] = entry
    return rows


sys.modules.setdefault("rule_engine.parser.parsetab", _kept_tables())

# Only now: the grammar is read when rule-engine is imported.
from rule_engine import Context, DataType, Rule, ast, builtins, errors  # noqa: E402
from rule_engine._vendor.ply import lex, yacc  # noqa: E402
from rule_engine.parser import Parser, _DeferredAstNode  # noqa: E402

DeferredNode = _DeferredAstNode

__all__ = ["Context", "DataType", "DeferredNode", "Parser", "Rule", "ast", "builtins", "errors", "lex", "yacc"]

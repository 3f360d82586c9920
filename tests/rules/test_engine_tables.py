"""The kept tables are those of the grammar in use, and are used."""

from kehu.rules.engine import TABLES, Rule, yacc
from kehu.rules.engine_tables import made_tables


def test_the_kept_tables_are_those_of_the_grammar() -> None:
    assert TABLES.read_text(encoding="utf-8") == made_tables(), "run python -m kehu.rules.engine_tables"


def test_the_grammar_is_read_from_the_kept_tables() -> None:
    assert {type(each) for each in Rule.parser._parser.productions} == {yacc.MiniProduction}

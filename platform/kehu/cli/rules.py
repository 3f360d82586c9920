"""kehu rules: the analyst's commands, in one list."""

import typer

from kehu.cli import rules_backtest, rules_cases, rules_check, rules_diff, rules_explain, rules_features, rules_schema

app = typer.Typer(
    help="Check rule files, say why a customer stands where it stands, look at features.", no_args_is_help=True
)
app.command("check")(rules_check.check)
app.command("explain")(rules_explain.explain)
app.command("features")(rules_features.features)
app.command("schema")(rules_schema.schema)
app.command("test")(rules_cases.run_tests)
app.command("diff")(rules_diff.diff)
app.command("backtest")(rules_backtest.backtest_rules)

"""kehu rules: the analyst's commands, in one list."""

import typer

from kehu.cli import rules_check, rules_features

app = typer.Typer(help="Check rule files and look at the features they may use.", no_args_is_help=True)
app.command("check")(rules_check.check)
app.command("features")(rules_features.features)

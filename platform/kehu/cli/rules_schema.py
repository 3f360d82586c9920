"""kehu rules schema: what an editor needs to complete and check the files people write."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from kehu.cli.options import WorkspaceOption, workspace_at
from kehu.cli.output import say_json
from kehu.features.catalogue import Catalogue
from kehu.features.schema import features_schema
from kehu.identity.schema import identity_schema
from kehu.pipeline.case_schema import cases_schema
from kehu.pipeline.identity_cases import identity_cases_schema
from kehu.pipeline.loading import formats_at_hand
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.rules.book import RuleBook
from kehu.rules.schema import rules_schema
from kehu.sources.schema import sources_schema


class FileKind(StrEnum):
    """The kinds of files people write."""

    RULES = "rules"
    FEATURES = "features"
    TESTS = "tests"
    SOURCES = "sources"
    IDENTITY = "identity"
    IDENTITY_TESTS = "identity_tests"


def schema(
    kind: Annotated[FileKind, typer.Argument(help="The kind of file.")], workspace: WorkspaceOption = Path()
) -> None:
    """Print the JSON Schema (draft 2020-12) of a kind of file, with the workspace's features and rule sets.

    Example: kehu rules schema rules > rules/rules.schema.json
    """
    # What is wrong with the rules is left out: an editor is needed most while they are being mended.
    catalogue, book, _ = read_rule_directory(workspace_at(workspace))
    say_json(schema_of(kind, catalogue, book))


def schema_of(kind: FileKind, catalogue: Catalogue, book: RuleBook) -> Mapping[str, Any]:
    """The schema of that kind of file where there are these features and rule sets."""
    schemas: Mapping[FileKind, Callable[[], Mapping[str, Any]]] = {
        FileKind.RULES: lambda: rules_schema(catalogue.schema),
        FileKind.FEATURES: lambda: features_schema(catalogue.schema),
        FileKind.TESTS: lambda: cases_schema(catalogue, book),
        FileKind.SOURCES: lambda: sources_schema(formats_at_hand()),
        FileKind.IDENTITY: identity_schema,
        FileKind.IDENTITY_TESTS: identity_cases_schema,
    }
    return schemas[kind]()

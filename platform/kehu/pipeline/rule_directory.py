"""The workspace's rule directory, read: features, then the rule sets checked against them."""

from collections.abc import Mapping
from functools import lru_cache

from kehu.features.catalogue import Catalogue, read_catalogue
from kehu.features.gauging import gauges_of
from kehu.model.money import minor_digits
from kehu.model.problems import Problem
from kehu.rules.book import RuleBook
from kehu.rules.reading import read_rules
from kehu.workspace.workspace import Workspace, rule_texts, shown_path

FEATURES = "features/"
# Files of the rule directory that are not rule sets.
_NOT_RULE_SETS = ("features/", "tests/", "identity.yaml", "calendar.yaml")

# Paths inside the directory, as messages name them, and texts.
_Files = tuple[tuple[str, str, str], ...]


def read_rule_directory(workspace: Workspace) -> tuple[Catalogue, RuleBook, list[Problem]]:
    """The features and rule sets of the workspace, as far as they are right, and everything wrong with them."""
    files = tuple((path, shown_path(workspace, path), text) for path, text in rule_texts(workspace).items())
    catalogue, book, problems = _read_files(files, minor_digits(workspace.settings.currency))
    return catalogue, book, list(problems)


# Checking what did not change takes most of the time that a server needs to explain one customer.
@lru_cache(maxsize=2)
def _read_files(
    files: tuple[tuple[str, str, str], ...], digits: int
) -> tuple[Catalogue, RuleBook, tuple[Problem, ...]]:
    texts = {path: text for path, _, text in files}
    catalogue, book, problems = read_rule_files(texts, {path: shown for path, shown, _ in files}, digits)
    return catalogue, book, tuple(problems)


def read_rule_files(
    texts: Mapping[str, str], shown: Mapping[str, str], digits: int
) -> tuple[Catalogue, RuleBook, list[Problem]]:
    """The same of a rule directory's texts by path inside it; `shown` says how messages name each."""
    features = {shown[path]: text for path, text in texts.items() if path.startswith(FEATURES)}
    rules = {shown[path]: text for path, text in texts.items() if not path.startswith(_NOT_RULE_SETS)}
    catalogue, problems = read_catalogue(features, digits)
    book, found = read_rules(rules, catalogue.schema, gauges_of(catalogue))
    return catalogue, book, problems + found

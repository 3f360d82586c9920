"""The workspace's rules of identity: its own rules/identity.yaml, or else the shipped one."""

from kehu.identity.rule_file import IDENTITY_FILE, read_identity_rules
from kehu.identity.rules import IdentityRules
from kehu.model.problems import Problem, refuse_errors
from kehu.model.yaml_nodes import Mapping, Scalar, read_yaml
from kehu.workspace.texts import read_texts
from kehu.workspace.workspace import Workspace, default_rules, shown_path, source_texts


def workspace_identity(workspace: Workspace) -> IdentityRules:
    """The rules by which records become customers; raises RefusedError with everything wrong with their file."""
    rules, problems = checked_identity(workspace)
    refuse_errors(problems)
    return rules


def checked_identity(workspace: Workspace) -> tuple[IdentityRules, list[Problem]]:
    """The rules as far as they are right, and everything wrong with their file.

    Raises RefusedError when the file cannot be opened or is not UTF-8.
    """
    own = workspace.rules_folder / IDENTITY_FILE
    file = own if own.is_file() else default_rules() / IDENTITY_FILE
    text = read_texts({IDENTITY_FILE: file})[IDENTITY_FILE]
    shown = shown_path(workspace, IDENTITY_FILE)
    return read_identity_rules(text, shown, workspace.settings.phone_region, declared_systems(workspace))


def declared_systems(workspace: Workspace) -> frozenset[str]:
    """The systems that the workspace's sources declare, as far as their files can be read."""
    systems = set()
    for path, text in source_texts(workspace).items():
        root = read_yaml(text, path)[0]
        named = (root.get("system") or root.get("source")) if isinstance(root, Mapping) else None
        if isinstance(named, Scalar):
            systems.add(named.text)
    return frozenset(systems)

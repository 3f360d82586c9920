"""All declared features together: checked, in the order they can be computed, with their digest."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256

from kehu.features.declaration import Declaration, read_declaration
from kehu.features.missing import misfit
from kehu.model.feature_types import FeatureInfo, FeatureType
from kehu.model.problems import Place, Problem, refuse_errors
from kehu.model.yaml_nodes import Mapping as MappingNode
from kehu.model.yaml_nodes import Scalar, read_yaml
from kehu.rules.compiler import Compiled, CompiledValue, compile_condition, compile_value
from kehu.rules.spans import scalar_place

_WORD = re.compile(r"[a-z_][a-z0-9_]*")
# Columns that frames of features have anyway, and the words of the rule language.
_RESERVED = {"customer", "at", "and", "or", "not", "in", "if", "for", "true", "false", "null", "inf", "nan"}
# Texts are checked as of some instant; which one makes no difference to whether they are right.
_CHECKED_AT = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Declarations in computing order: a formula comes after what it needs."""

    declarations: tuple[Declaration, ...]
    money_digits: int
    digest: str

    @property
    def schema(self) -> dict[str, FeatureType]:
        """The contract rules are checked against."""
        return {item.info.name: item.info.type for item in self.declarations}

    @property
    def infos(self) -> tuple[FeatureInfo, ...]:
        """Every feature as people meet it, by name."""
        return tuple(sorted((item.info for item in self.declarations), key=lambda info: info.name))


def read_catalogue(texts: Mapping[str, str], money_digits: int) -> tuple[Catalogue, list[Problem]]:
    """The catalogue in `texts` (shown path to YAML) and everything wrong with it.

    A declaration that cannot be used is left out, so that rules are checked against the others.
    """
    declared: dict[str, Declaration] = {}
    sources: dict[str, str] = {}
    faulty: set[str] = set()
    problems: list[Problem] = []
    for path, text in texts.items():
        root, found = read_yaml(text, path)
        problems += found
        if root is not None and not isinstance(root, MappingNode):
            problems.append(Problem(root.place, "feature-shape", "a feature file maps names to declarations"))
        for name, node in root.entries.items() if isinstance(root, MappingNode) else ():
            if name in declared or name in _RESERVED:
                problems.append(Problem(node.place, "duplicate-feature", f"the name '{name}' is taken", "rename it"))
                continue
            declaration, found = read_declaration(name, node, money_digits)
            problems += found
            if declaration is not None:
                declared[name], sources[name] = declaration, text
            else:
                faulty.add(name)
    compiler = _Compiler(declared, sources, money_digits, _CHECKED_AT)
    compiler.faulty |= faulty - set(declared)
    catalogue = compiler.catalogue(_digest(texts, money_digits))
    return catalogue, problems + compiler.problems


@dataclass(frozen=True, slots=True)
class CompiledCatalogue:
    """The catalogue's texts as column expressions, `$now` being the run's instant."""

    formulas: Mapping[str, CompiledValue]
    conditions: Mapping[str, Compiled]
    money_digits: int

    def named_columns(self, item: Declaration) -> set[str]:
        """The columns of its events that a declaration names, derived ones among them."""
        condition = self.conditions.get(item.info.name)
        return ({item.column} if item.column else set()) | (set(condition.features) if condition else set())


def compile_catalogue(catalogue: Catalogue, as_of: datetime) -> CompiledCatalogue:
    """The formulas and conditions of a checked catalogue, as of an instant."""
    declared = {item.info.name: item for item in catalogue.declarations}
    compiler = _Compiler(declared, dict.fromkeys(declared, ""), catalogue.money_digits, as_of)
    compiler.catalogue(catalogue.digest)
    refuse_errors(compiler.problems)
    return CompiledCatalogue(compiler.formulas, compiler.conditions, catalogue.money_digits)


class _Compiler:
    """Compiles `where:` and `formula:` texts, formulas after what they need."""

    def __init__(
        self, declared: dict[str, Declaration], sources: dict[str, str], money_digits: int, as_of: datetime
    ) -> None:
        self.declared, self.sources, self.money_digits, self.as_of = declared, sources, money_digits, as_of
        self.problems: list[Problem] = []
        # Features already told to be wrong: what needs them is left out without another word.
        self.faulty: set[str] = set()
        self.formulas: dict[str, CompiledValue] = {}
        self.conditions: dict[str, Compiled] = {}
        self.ready: dict[str, Declaration] = {}

    def catalogue(self, digest: str) -> Catalogue:
        for name in self._order():
            self._compile(self.declared[name])
        return Catalogue(tuple(self.ready.values()), self.money_digits, digest)

    def _order(self) -> list[str]:
        needs = {name: self._needs(item) & set(self.declared) for name, item in self.declared.items()}
        while True:
            try:
                return list(TopologicalSorter(needs).static_order())
            except CycleError as error:
                circle: list[str] = error.args[1]
            place = self.declared[circle[0]].place
            message = f"these features need each other: {' → '.join(circle)}"
            self.problems.append(Problem(place, "feature-cycle", message, "break the circle"))
            self.faulty |= set(circle)
            needs = {name: others - set(circle) for name, others in needs.items() if name not in circle}

    def _needs(self, item: Declaration) -> set[str]:
        return set(_WORD.findall(item.text.text)) if item.operation == "formula" and item.text is not None else set()

    def _compile(self, item: Declaration) -> None:
        if item.where is not None and item.stream is not None:
            types = item.stream.types(self.money_digits)
            self._keep(item, compile_condition(item.where.text, types, self.as_of, self._place_at(item, item.where)))
        elif self._needs(item) & self.faulty:
            self.faulty.add(item.info.name)
        elif item.operation == "formula" and item.text is not None:
            schema = {name: ready.info.type for name, ready in self.ready.items()}
            self._keep(item, compile_value(item.text.text, schema, self.as_of, self._place_at(item, item.text)))
        else:
            self.ready[item.info.name] = item

    def _keep(self, item: Declaration, compiled: Compiled | CompiledValue | list[Problem]) -> None:
        name = item.info.name
        if isinstance(compiled, list):
            self.problems += compiled
            self.faulty.add(name)
            return
        self.problems += compiled.warnings
        if isinstance(compiled, Compiled):
            self.conditions[name] = compiled
            self.ready[name] = item
            return
        remedy = "" if item.missing is None else misfit(item.missing, compiled.type)
        if remedy:
            said = f"'{item.missing}' cannot stand for a missing '{name}'"
            self.problems.append(Problem(item.place, "feature-missing", said, remedy))
            self.faulty.add(name)
            return
        self.formulas[name] = compiled
        kind = replace(compiled.type, nullable=compiled.type.nullable and item.missing is None)
        info = replace(item.info, type=kind, needs=tuple(sorted(compiled.features)))
        self.ready[name] = replace(item, info=info)

    def _place_at(self, item: Declaration, scalar: Scalar) -> Callable[[int], Place]:
        return partial(scalar_place, scalar, self.sources[item.info.name])


def _digest(texts: Mapping[str, str], money_digits: int) -> str:
    content = "\0".join(f"{path}\0{texts[path]}" for path in sorted(texts))
    return sha256(f"{money_digits}\0{content}".encode()).hexdigest()

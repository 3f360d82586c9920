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
from kehu.features.serving import serving_problems
from kehu.model.feature_types import FeatureInfo, FeatureType, Schema
from kehu.model.problems import Place, Problem, did_you_mean, refuse_errors
from kehu.model.yaml_nodes import Mapping as MappingNode
from kehu.model.yaml_nodes import Scalar, read_documents
from kehu.rules.columns import Engine
from kehu.rules.compiler import Compiled, CompiledValue, compile_condition, compile_value
from kehu.rules.polars_engine import POLARS
from kehu.rules.references import RESERVED
from kehu.rules.spans import scalar_place

_NUMBERS = {"integer", "decimal", "float"}
_WORD = re.compile(r"[a-z_][a-z0-9_]*")
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
        roots, found = read_documents(text, path)
        problems += found
        problems += [
            Problem(root.place, "feature-shape", "a feature file maps names to declarations")
            for root in roots
            if not isinstance(root, MappingNode)
        ]
        maps = [root for root in roots if isinstance(root, MappingNode)]
        for name, node in (item for root in maps for item in root.entries.items()):
            if name in declared or name in RESERVED:
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
    ready = {item.info.name: item for item in catalogue.declarations}
    unkept = serving_problems(ready[name] for name in declared if name in ready)
    return catalogue, problems + compiler.problems + unkept


@dataclass(frozen=True, slots=True)
class CompiledCatalogue:
    """The catalogue's texts as column expressions, `$now` being the run's instant."""

    formulas: Mapping[str, CompiledValue]
    conditions: Mapping[str, Compiled]
    shares: Mapping[str, Compiled]
    money_digits: int

    def named_columns(self, item: Declaration) -> set[str]:
        """The columns of its events that a declaration names, derived ones among them."""
        compiled = (self.conditions.get(item.info.name), self.shares.get(item.info.name))
        in_conditions = {name for condition in compiled if condition is not None for name in condition.features}
        return in_conditions | ({item.column} if item.column else set())


def compile_catalogue(catalogue: Catalogue, as_of: datetime, engine: Engine = POLARS) -> CompiledCatalogue:
    """The formulas and conditions of a checked catalogue, as of an instant.

    Raises RefusedError with all that the engine cannot compute.
    """
    declared = {item.info.name: item for item in catalogue.declarations}
    compiler = _Compiler(declared, dict.fromkeys(declared, ""), catalogue.money_digits, as_of, engine)
    compiler.catalogue(catalogue.digest)
    refuse_errors(compiler.problems)
    return CompiledCatalogue(compiler.formulas, compiler.conditions, compiler.shares, catalogue.money_digits)


class _Compiler:
    """Compiles `where:` and `formula:` texts, formulas after what they need."""

    def __init__(
        self,
        declared: dict[str, Declaration],
        sources: dict[str, str],
        money_digits: int,
        as_of: datetime,
        engine: Engine = POLARS,
    ) -> None:
        self.declared, self.sources, self.money_digits = declared, sources, money_digits
        self.as_of, self.engine = as_of, engine
        self.problems: list[Problem] = []
        # Features already told to be wrong: what needs them is left out without another word.
        self.faulty: set[str] = set()
        self.formulas: dict[str, CompiledValue] = {}
        self.conditions: dict[str, Compiled] = {}
        self.shares: dict[str, Compiled] = {}
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
        if item.operation == "formula" and item.text is not None:
            return set(_WORD.findall(item.text.text))
        return {node.text for node in _feature_names(item)}

    def _compile(self, item: Declaration) -> None:
        if self._needs(item) & self.faulty:
            self.faulty.add(item.info.name)
        elif item.operation == "formula" and item.text is not None:
            schema = {name: ready.info.type for name, ready in self.ready.items()}
            self._keep(item, self._value(item, item.text, schema))
        elif self._conditions_hold(item) and self._names_numbers(item):
            info = replace(item.info, type=self._settled_type(item), needs=tuple(sorted(self._needs(item))))
            self.ready[item.info.name] = replace(item, info=info)
        else:
            self.faulty.add(item.info.name)

    def _value(self, item: Declaration, text: Scalar, schema: Schema) -> CompiledValue | list[Problem]:
        return compile_value(text.text, schema, self.as_of, self._place_at(item, text), self.engine)

    def _conditions_hold(self, item: Declaration) -> bool:
        fine = True
        for scalar, kept in ((item.where, self.conditions), (item.of, self.shares)):
            if scalar is None or item.stream is None:
                continue
            types = item.stream.types(self.money_digits)
            compiled = compile_condition(scalar.text, types, self.as_of, self._place_at(item, scalar), self.engine)
            self.problems += compiled if isinstance(compiled, list) else compiled.warnings
            if isinstance(compiled, list):
                fine = False
            else:
                kept[item.info.name] = compiled
        return fine

    def _settled_type(self, item: Declaration) -> FeatureType:
        """A standing among all customers is known where the value is."""
        if item.operation not in {"rank_of", "percentile_of"} or item.text is None:
            return item.info.type
        known = not self.ready[item.text.text].info.type.nullable
        return replace(item.info.type, nullable=item.info.type.nullable and not known)

    def _names_numbers(self, item: Declaration) -> bool:
        fine = True
        for node in _feature_names(item):
            found = self.ready.get(node.text)
            if found is None:
                remedy = did_you_mean(node.text, self.declared)
                self.problems.append(Problem(node.place, "feature", f"unknown feature '{node.text}'", remedy))
            elif found.info.type.kind not in _NUMBERS:
                said = f"{item.operation} needs numbers, '{node.text}' holds {found.info.type.kind}s"
                self.problems.append(Problem(node.place, "feature", said, "name a number"))
            fine &= found is not None and found.info.type.kind in _NUMBERS
        return fine

    def _keep(self, item: Declaration, compiled: CompiledValue | list[Problem]) -> None:
        name = item.info.name
        if isinstance(compiled, list):
            self.problems += compiled
            self.faulty.add(name)
            return
        self.problems += compiled.warnings
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


def _feature_names(item: Declaration) -> tuple[Scalar, ...]:
    """The nodes that name the features a rank, a percentile or a model is made of."""
    if item.operation in {"rank_of", "percentile_of"} and item.text is not None:
        return (item.text,)
    return tuple(item.inputs.values())


def _digest(texts: Mapping[str, str], money_digits: int) -> str:
    # What files are called and where they lie changes no feature.
    content = "\0".join(sorted(texts.values()))
    return sha256(f"{money_digits}\0{content}".encode()).hexdigest()

"""The engine that a run computes with: Polars here, or one elsewhere, found by entry point `kehu.engines`."""

from contextlib import AbstractContextManager
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

import polars as pl

from kehu.features.catalogue import Catalogue
from kehu.mirror.mirror import Mirror
from kehu.model.problems import Place, Problem, RefusedError
from kehu.pipeline.facts import Present
from kehu.pipeline.recounting import Recount
from kehu.rules.book import RuleBook
from kehu.rules.elsewhere import Elsewhere
from kehu.workspace.settings import ENGINES, Settings

POLARS = ENGINES[0]


class RemoteRun(Elsewhere, Protocol):
    """A run on an engine elsewhere: the features first, then the conditions over them."""

    def features(self, mirror: Mirror, customers: pl.DataFrame) -> pl.DataFrame:
        """Every feature of those customers, as `kehu.features.compute` gives them."""


class RemoteEngine(Protocol):
    """An engine elsewhere, which takes the same definitions and gives the same answers."""

    def opened(self, catalogue: Catalogue, book: RuleBook, as_of: datetime) -> AbstractContextManager[RemoteRun]:
        """A run of those rules. Raises RefusedError for what the engine cannot compute, and when it fails."""


def engine_of(settings: Settings, root: Path) -> RemoteEngine | None:
    """The engine that the settings name; None for Polars.

    Raises RefusedError when its address is missing or its packages are not installed.
    """
    if settings.engine == POLARS:
        return None
    if not settings.spark_url:
        raise _refusal("spark_url", "no Spark is named", "set spark_url, such as sc://spark.example:15002")
    (point,) = entry_points(group="kehu.engines", name=settings.engine)
    try:
        opened = point.load()
    except ImportError as error:
        remedy = "pip install 'kehu[spark]'"
        raise _refusal("engine", f"Spark's client is not installed: {error}", remedy) from error
    engine: RemoteEngine = opened(settings.spark_url, settings.spark_folder or str(root.resolve() / ".kehu" / "spark"))
    return engine


def remote_features(run: RemoteRun, present: Present, catalogue: Catalogue) -> tuple[pl.DataFrame, Recount]:
    """Every customer's features; everyone's events are counted. Raises RefusedError when there is no mirror to read."""
    found = present.state([catalogue])
    if found is None:
        raise _refusal("mirror", "Spark reads the mirror of the events, and there is none", "run without --engine")
    mirror, customers = found
    features = run.features(mirror, customers)
    return features, Recount(len(features), len(features), why="Spark counts everyone's")


def _refusal(place: str, message: str, remedy: str) -> RefusedError:
    return RefusedError([Problem(Place(place), "engine", message, remedy)])

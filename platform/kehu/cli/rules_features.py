"""kehu rules features: what rules may ask for, all of it or one feature whole."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kehu.cli.options import JsonOption, WorkspaceOption, workspace_at
from kehu.cli.output import say, say_json, show_table
from kehu.features.description import FeatureDescription, describe
from kehu.model.feature_types import FeatureType
from kehu.model.problems import Place, Problem, RefusedError, did_you_mean
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.workspace.workspace import rule_texts, shown_path


def features(
    name: Annotated[str, typer.Argument(help="One feature, to be told whole; all of them when left out.")] = "",
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """The features rules may use: type, unit, meaning; of one also its window, needs and users.

    Example: kehu rules features revenue_365d
    """
    place = workspace_at(workspace)
    catalogue, book, _ = read_rule_directory(place)
    if name:
        if name not in catalogue.schema:
            said = f"there is no feature '{name}'"
            remedy = did_you_mean(name, catalogue.schema) or "'kehu rules features' lists what there is"
            raise RefusedError([Problem(Place(name), "unknown-feature", said, remedy)])
        texts = {shown_path(place, path): text for path, text in rule_texts(place).items()}
        found = describe(name, catalogue, book, texts)
        if json:
            say_json(asdict(found))
        else:
            say(feature_page(found))
    elif json:
        say_json({"features": [asdict(info) for info in catalogue.infos]})
    else:
        rows = [(info.name, _kind(info.type), info.unit, info.label.zh, info.meaning) for info in catalogue.infos]
        show_table("Features", ("name", "type", "unit", "中文", "meaning"), rows)


def feature_page(found: FeatureDescription) -> str:
    """Everything about the feature, a line each, and its declaration below."""
    info = found.info
    rows: Mapping[str, str] = {
        "label": f"{info.label.en} / {info.label.zh}",
        "meaning": info.meaning,
        "type": _kind(info.type),
        "unit": info.unit,
        "window": found.window,
        "never": found.never,
        "needs": ", ".join(found.needs) or "no other feature",
        "needed by": ", ".join(found.needed_by) or "no other feature",
        "used by": ", ".join(found.used_by) or "no rule",
        "declared": found.place,
    }
    width = max(map(len, rows))
    lines = [f"{title:<{width}}  {text}" for title, text in rows.items()]
    return "\n".join([info.name, *lines, "", found.declaration])


def _kind(kind: FeatureType) -> str:
    return kind.kind + (" or unknown" if kind.nullable else "")

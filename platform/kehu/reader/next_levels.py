"""How far a member was from the next better level as the membership began, from the values kept with it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kehu.model.problems import RefusedError
from kehu.reader.definitions import Level, RuleSet
from kehu.rules.book import VariantRule
from kehu.rules.next_level import Asked, NextLevel, next_level, stored_row


def next_level_of(ruleset: RuleSet, level: str, reasons: Mapping[str, Any], since: datetime) -> NextLevel | None:
    """By the version that decided, as of the instant of the run it decided in.

    None for the best level, for a flag, and where not all the values were kept: for who came in by hand, and for
    memberships that began before they were.
    """
    codes = [each.code for each in ruleset.levels]
    if ruleset.kind == "flag" or level not in codes[1:]:
        return None
    asked = _asked(ruleset.levels[codes.index(level) - 1])
    kept = {**(reasons.get("features") or {}), **(reasons.get("next") or {})}
    schema = {name: kind for name, kind in ruleset.features.items() if name in kept}
    try:
        return next_level(asked, stored_row(kept, schema), schema, since)
    except (ValueError, RefusedError):
        return None


def _asked(level: Level) -> Asked:
    special = (VariantRule(each.whom, each.when, each.keep_while) for each in level.variants)
    return Asked(level.code, (*special, VariantRule("", level.when or "", level.keep_while)))

"""What readers show of a rule set, kept with every version that ever decided something."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from kehu.model.feature_types import FeatureType, Label, Schema
from kehu.rules.book import RuleSet
from kehu.rules.reasons import features_in


def definition(ruleset: RuleSet, schema: Schema) -> dict[str, Any]:
    """The rule set as plain data: labels, levels with treatments, warnings, the types of what its levels ask for."""
    asked = sorted({name for level in ruleset.levels if level.when for name in features_in(level.when, schema)})
    return {
        "code": ruleset.code,
        "kind": ruleset.written,
        "label": _label(ruleset.label),
        "description": ruleset.description or None,
        "effective": {"from": _instant(ruleset.effective.start), "until": _instant(ruleset.effective.end)},
        "levels": [
            {
                "code": level.code,
                "label": _label(level.label),
                "when": level.written.when or None,
                "otherwise": level.otherwise,
                "keep_while": level.written.keep_while,
                "grace_seconds": int(level.grace.total_seconds()),
                "minimum_stay_seconds": int(level.minimum_stay.total_seconds()),
                "variants": [asdict(variant) for variant in level.variants[:-1]],
                "treatment": dict(level.treatment),
            }
            for level in ruleset.levels
        ],
        "features": {name: _type(schema[name]) for name in asked},
        "warnings": [
            {
                "code": rule.code,
                "label": _label(rule.label),
                "when": rule.written.when,
                "severity": rule.severity,
                "route": list(rule.route),
                "reason": rule.reason,
                "cooldown_seconds": int(rule.cooldown.total_seconds()),
                "variants": [asdict(variant) for variant in rule.variants[:-1]],
            }
            for rule in ruleset.warnings
        ],
    }


def _type(kind: FeatureType) -> dict[str, Any]:
    return {**asdict(kind), "words": list(kind.words)}


def _label(label: Label) -> dict[str, str]:
    return {"en": label.en, "zh": label.zh}


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()

"""The schemas that editors read say what the readers of the files accept."""

import pytest

from kehu.features.declaration import _KEYS, OPERATIONS, keys_of
from kehu.features.schema import features_schema
from kehu.features.streams import STREAMS
from kehu.model.feature_types import FeatureType
from kehu.rules.entries import _LEVEL_KEYS, _WARNING_KEYS
from kehu.rules.files import FILE_KEYS
from kehu.rules.fragments import LEVEL, TREATMENT, WARNING
from kehu.rules.kinds import kinds
from kehu.rules.schema import feature_value, rules_schema
from kehu.rules.scores import _BAND_KEYS, BAND
from kehu.rules.treatments import TREATMENTS
from kehu.sources.schema import sources_schema


def test_a_rule_file_has_the_keys_its_reader_knows() -> None:
    schema = rules_schema({})
    assert set(schema["properties"]) == {*FILE_KEYS, "levels", "points", "warnings"}
    assert [each["if"]["properties"]["kind"]["const"] for each in schema["allOf"]] == list(kinds())
    assert (set(LEVEL), set(BAND), set(WARNING)) == (set(_LEVEL_KEYS), set(_BAND_KEYS), set(_WARNING_KEYS))
    assert set(TREATMENT["properties"]) == set(TREATMENTS)


def test_a_feature_file_has_the_keys_its_reader_knows() -> None:
    declaration = features_schema([])["additionalProperties"]
    assert set(declaration["properties"]) == _KEYS
    for operation, each in zip(OPERATIONS, declaration["oneOf"], strict=True):
        assert each == {"required": [operation], "propertyNames": {"enum": sorted(keys_of(operation))}}
    assert declaration["properties"]["count"]["enum"] == list(STREAMS)
    assert "shipments.service" in declaration["properties"]["distinct"]["enum"]
    assert "shipments.service" not in declaration["properties"]["sum"]["enum"]


@pytest.mark.parametrize(
    ("_case", "kind", "expected"),
    [
        ("a count", FeatureType("integer"), {"type": ["integer"]}),
        ("an amount that may be unknown", FeatureType("decimal", nullable=True, scale=2), {"type": ["number", "null"]}),
        ("a truth", FeatureType("boolean"), {"type": ["boolean"]}),
        ("a text as written", FeatureType("string", nullable=True), {"type": ["string", "number", "boolean", "null"]}),
        ("words", FeatureType("string", words=("a", "b")), {"enum": ["a", "b"]}),
        ("words or unknown", FeatureType("string", nullable=True, words=("a",)), {"enum": ["a", None]}),
    ],
)
def test_a_feature_s_value_is_typed(_case: str, kind: FeatureType, expected: dict[str, object]) -> None:
    assert feature_value(kind) == expected
    assert rules_schema({"f": kind})["allOf"][0]["then"]["properties"]["examples"]["items"]["properties"]["given"][
        "properties"
    ] == {"f": expected}


def test_what_means_nothing_to_a_field_is_not_offered() -> None:
    (records,) = (sources_schema(["csv"])["properties"]["records"],)
    shipment = next(each for each in records["items"]["anyOf"] if "shipment" in each["properties"])
    fields = shipment["properties"]["shipment"]["properties"]
    cells = {name: set(fields[name]["anyOf"][1]["properties"]) for name in ("revenue", "weight_g", "accepted_at")}
    assert cells["revenue"] == {"column", "columns", "join", "missing", "unit"}
    assert cells["weight_g"] == cells["revenue"] | {"map", "otherwise", "present", "absent"}
    assert cells["accepted_at"] == {"column", "columns", "join", "missing", "date", "at"}

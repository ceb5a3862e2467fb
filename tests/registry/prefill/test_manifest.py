"""The manifest is a JSON Schema that every form builder can be given."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from registry.prefill.manifest import DIALECT, RECEIPT, SALTS, manifest
from registry.prefill.profiles import Profile, list_profiles, load
from tests.registry.prefill.profile import DAY, profile

PROFILES = pytest.mark.parametrize("shipped", list_profiles(), ids=lambda shipped: shipped.id)


def schema_of(shipped: Profile) -> dict[str, Any]:
    return manifest(shipped, shipped.codes[0].code, DAY)


def checks(schema: dict[str, Any], value: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(value))


@PROFILES
def test_it_is_valid_by_the_metaschema(shipped: Profile) -> None:
    schema = schema_of(shipped)
    assert schema["$schema"] == DIALECT
    assert jsonschema.validators.validator_for(schema) is jsonschema.Draft202012Validator
    jsonschema.Draft202012Validator.check_schema(schema)


@PROFILES
def test_every_field_of_the_profile_is_there_once(shipped: Profile) -> None:
    schema = schema_of(shipped)
    shapes = [*schema["properties"].values()]
    for shape in list(shapes):
        shapes += shape.get("items", {}).get("properties", {}).values()
    told = [shape["x-prefill"]["key"] for shape in shapes if "x-prefill" in shape]
    assert sorted(told) == sorted(field.key for field in shipped.fields)


@PROFILES
def test_nothing_is_read_only_before_it_is_filled(shipped: Profile) -> None:
    assert "readOnly" not in str(schema_of(shipped))


def test_a_field_says_what_fills_it_and_which_paper_it_replaces() -> None:
    shape = manifest(profile(), "1.000001", DAY)["properties"]["submitter.full_name"]
    assert shape == {
        "title": "Họ tên",
        "type": "string",
        "minLength": 1,
        "x-prefill": {
            "key": "submitter.full_name",
            "attribute": "citizens:name.full",
            "role": "submitter",
            "label": {"vi": "Họ tên", "en": "Name"},
            "type": "text",
            "lock": "editable",
            "basis": "law",
            "replaces": ["paper"],
            "portal": "fullname",
        },
    }


def test_an_unknown_value_and_a_wrong_code_are_refused() -> None:
    schema = manifest(profile(), "1.000001", DAY)
    right = {"submitter.full_name": "LAN", "owner.sex": "2", "members": [{"full_name": "BẢY"}]}
    assert checks(schema, right | {RECEIPT: "a.b.c", SALTS: "{}"})
    assert not checks(schema, right | {"owner.sex": "9"})
    assert not checks(schema, right | {"owner.shoe_size": "39"})
    assert not checks(schema, right | {"submitter.full_name": ""})
    assert not checks(schema, right | {"members": [{"name": "BẢY"}]})
    assert not checks(schema, {"owner.sex": "2"})


def test_a_partial_date_keeps_its_precision() -> None:
    shape = schema_of(load()["birth-registration"])["properties"]["submitter.birth_date"]
    for text, right in (
        ("1945", True),
        ("1945-03", True),
        ("1945-03-07", True),
        ("7/3/1945", False),
    ):
        assert checks(shape, text) is right


def test_only_bases_in_force_are_cited() -> None:
    ended = profile(("2020-01-01", "2020-01-01, valid_to = 2026-11-25"))
    assert manifest(ended, "1.000001", DAY)["x-sogoc"]["bases"].keys() == {"shared"}

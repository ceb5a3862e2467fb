"""Each form builder gets every field, under names it can hold, with the key of prefilling."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import jsonschema
import pytest

from registry.prefill.adapters import ADAPTERS
from registry.prefill.manifest import manifest
from registry.prefill.profiles import Profile, list_profiles, load
from tests.registry.prefill.profile import DAY, profile

PROFILES = pytest.mark.parametrize("shipped", list_profiles(), ids=lambda shipped: shipped.id)


def built(adapter: str, shipped: Profile) -> Any:
    return ADAPTERS[adapter](manifest(shipped, shipped.codes[0].code, DAY))


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a form's definition."""
    if isinstance(value, dict):
        yield value
        for below in value.values():
            yield from walk(below)
    elif isinstance(value, list):
        for below in value:
            yield from walk(below)


def keys_of(form: Any, name: str = "sogocKey") -> list[str]:
    return [found[name] for found in walk(form) if name in found]


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.inputs: list[dict[str, str | None]] = []
        self.options: list[str | None] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"input", "br"}:
            self.open.append(tag)
        if tag in {"input", "select"}:
            self.inputs.append(dict(attrs))
        if tag == "option":
            self.options.append(dict(attrs)["value"])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@PROFILES
@pytest.mark.parametrize("adapter", ["formio", "surveyjs", "jsonforms"])
def test_every_field_is_in_the_form_once(shipped: Profile, adapter: str) -> None:
    assert sorted(keys_of(built(adapter, shipped))) == sorted(f.key for f in shipped.fields)


@PROFILES
def test_html_is_well_formed_and_has_every_field_and_two_hidden_inputs(shipped: Profile) -> None:
    page = _Page(built("html", shipped))
    assert page.open == []
    keys = [str(each["data-sogoc-key"]) for each in page.inputs if "data-sogoc-key" in each]
    assert sorted(keys) == sorted(field.key for field in shipped.fields)
    hidden = [each["name"] for each in page.inputs if each.get("type") == "hidden"]
    assert hidden == ["sogoc_receipt", "sogoc_salts"]
    names = [each["name"] for each in page.inputs]
    assert len(set(names)) == len(names)


@PROFILES
def test_no_form_runs_a_script_of_its_own(shipped: Profile) -> None:
    text = built("html", shipped)
    assert "<script" not in text
    assert " on" not in text.replace(" one", "").lower().partition("<form")[2].partition(">")[0]


def test_html_escapes_what_a_profile_says() -> None:
    odd = profile(('vi = "Lý do"', "vi = \"A <b> & 'c'\""), ('vi = "Thủ tục nhỏ"', 'vi = "<i>"'))
    text = built("html", odd)
    assert "A &lt;b&gt; &amp; &#x27;c&#x27;" in text
    assert "<b>" not in text
    assert "<i>" not in text


@PROFILES
def test_form_io_keys_are_unique_and_nest_nothing(shipped: Profile) -> None:
    form = built("formio", shipped)
    top = [each for panel in form["components"] for each in panel.get("components", [panel])]
    inputs = [each["key"] for each in top if each["type"] != "panel"]
    flat = [
        each["key"]
        for panel in form["components"]
        if panel["type"] == "panel"
        for each in panel["components"]
    ]
    assert len(set(flat)) == len(flat)
    assert not any("." in key for key in inputs)
    assert [each["key"] for each in form["components"][-2:]] == ["sogoc_receipt", "sogoc_salts"]


def test_form_io_has_the_live_keys_of_portals() -> None:
    form = built("formio", load()["house-building-permit"])
    by_key = {each["key"]: each["properties"]["sogocKey"] for each in walk(form) if _is_input(each)}
    assert (
        by_key.items()
        >= {
            "identityNumber": "submitter.personal_id",
            "fullname": "submitter.full_name",
            "birthday": "submitter.birth_date",
            "gender": "submitter.sex",
            "province": "submitter.province",
            "district": "submitter.commune",
            "ownerFullname": "owner.full_name",
            "SoThuaDat": "owner.parcel_number",
            "SoToBanDo": "owner.sheet_number",
            "diaChiThuaDat": "owner.parcel_address",
        }.items()
    )


def _is_input(each: dict[str, Any]) -> bool:
    return "sogocKey" in each.get("properties", {}) and "key" in each


def test_a_role_of_many_is_a_list_in_every_form() -> None:
    members = profile()
    grids = [each for each in walk(built("formio", members)) if each.get("type") == "editgrid"]
    assert [grid["key"] for grid in grids] == ["members"]
    assert [each["key"] for each in grids[0]["components"]] == ["full_name"]
    panels = [e for e in walk(built("surveyjs", members)) if e.get("type") == "paneldynamic"]
    assert [panel["templateElements"][0]["name"] for panel in panels] == ["full_name"]
    assert 'name="members[0].full_name"' in built("html", members)


@PROFILES
def test_json_forms_points_at_what_its_schema_has(shipped: Profile) -> None:
    form = built("jsonforms", shipped)
    jsonschema.Draft202012Validator.check_schema(form["schema"])
    known = form["schema"]["properties"]
    for group in form["uischema"]["elements"]:
        for control in group["elements"]:
            name = control["scope"].removeprefix("#/properties/")
            assert name in known
            for inner in walk(control.get("options", {}).get("detail", {})):
                if "scope" in inner:
                    own = inner["scope"].removeprefix("#/properties/")
                    assert own in known[name]["items"]["properties"]


@pytest.mark.parametrize("adapter", ["formio", "surveyjs"])
def test_a_list_of_places_is_asked_of_the_registry(adapter: str) -> None:
    form = built(adapter, load()["birth-registration"])
    urls = {found["url"] for found in walk(form) if "url" in found}
    assert urls == {"/v1/places?level=province", "/v1/places?level=commune"}


def test_a_year_can_be_typed_into_every_form() -> None:
    # A builder's own date input would turn 1945 into a day of it.
    shipped = load()["birth-registration"]
    key = "submitter.birth_date"
    [shown] = [e for e in walk(built("formio", shipped)) if _is_input(e) and e["key"] == "birthday"]
    assert shown["type"] == "textfield"
    [asked] = [e for e in walk(built("surveyjs", shipped)) if e.get("sogocKey") == key]
    assert "inputType" not in asked
    [typed] = [e for e in _Page(built("html", shipped)).inputs if e.get("data-sogoc-key") == key]
    assert typed["type"] == "text"


def test_choices_are_codes_with_vietnamese_labels() -> None:
    shipped = profile()
    [select] = [each for each in walk(built("formio", shipped)) if each.get("key") == "owner_sex"]
    assert {"value": "2", "label": "Nữ"} in select["data"]["values"]
    assert _Page(built("html", shipped)).options == ["", "0", "1", "2", "3"]


def test_json_schema_is_the_manifest_itself() -> None:
    shipped = load()["birth-registration"]
    assert built("json-schema", shipped) == manifest(shipped, "1.001193", DAY)

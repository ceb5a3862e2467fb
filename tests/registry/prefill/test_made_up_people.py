"""Whatever the registers hold, a form is sent nothing that its own schema would refuse."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import orjson
import pytest

from datasets.synthetic import files
from registry.citizens.attributes import CATALOGUE
from registry.civil_status.acts import kind_of_event
from registry.kernel.fields import Selection
from registry.prefill.manifest import manifest
from registry.prefill.profiles import Field, Profile, list_profiles
from registry.prefill.transforms import TRANSFORMS, value_at
from tests.datasets.rows import entries
from tests.registry.prefill.profile import DAY

CITIZENS = 300
DATASETS = ("citizens", "households", "civil_status", "parcels")
# What no made-up file brings, though the registers can hold it.
NEVER_MADE = {
    *("citizens:phone", "citizens:email"),
    *("parcels:purposes.planned", "parcels:responsibilities.type"),
}
Documents = Mapping[str, list[Mapping[str, Any]]]


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    """Give what the registers would store of made-up people, by register."""
    folder = tmp_path_factory.mktemp("made")
    files.generate("all", CITIZENS, 7, folder)
    derived = Selection(CATALOGUE.attributes)
    found: dict[str, list[Mapping[str, Any]]] = {}
    for dataset in DATASETS:
        with (folder / f"{dataset}.csv").open(encoding="utf-8", newline="") as file:
            read = [each.change for each in entries(dataset, *csv.DictReader(file))]
        stored = [orjson.loads(orjson.dumps(_plain(change.document))) for change in read if change]
        found[dataset] = [derived.cut(d, DAY) for d in stored] if dataset == "citizens" else stored
    return found


def _plain(document: Any) -> Any:
    text = getattr(document, "text", None)
    return orjson.loads(text) if text is not None else dict(document)


def _made(documents: Documents, field: Field) -> Iterator[Any]:
    """Yield what a field's transform makes of every document that it may be filled from."""
    for document in documents[field.register]:
        if not field.act or kind_of_event(document) == field.act:
            value = TRANSFORMS[field.transform](value_at(document, field.path))
            if value is not None:
                yield value["code"] if field.type == "code" else value


@pytest.mark.parametrize("profile", list_profiles(), ids=lambda profile: profile.id)
def test_what_is_made_fits_the_form(documents: Documents, profile: Profile) -> None:
    schema = manifest(profile, profile.codes[0].code, DAY)
    shapes = dict(schema["properties"])
    for role in (role for role in profile.roles if role.many):
        own = schema["properties"][role.id]["items"]["properties"]
        shapes |= {f"{role.id}.{name}": shape for name, shape in own.items()}
    wrong: dict[str, set[str]] = defaultdict(set)
    empty = set()
    for field in profile.fields:
        if not field.attribute or field.predicate:
            continue
        check = jsonschema.Draft202012Validator(shapes[field.key])
        values = list(_made(documents, field))
        wrong[field.key] |= {repr(value) for value in values if not check.is_valid(value)}
        if not values and field.attribute not in NEVER_MADE:
            empty.add(field.key)
    assert {key: values for key, values in wrong.items() if values} == {}
    assert empty == set()

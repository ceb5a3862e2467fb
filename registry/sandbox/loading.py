"""Loading the personas the way real data comes in, then what no file of a steward says of them."""

from __future__ import annotations

from typing import cast

from sqlalchemy.orm import Session

from datasets import publishing
from datasets.submissions import Uploads
from datasets.synthetic.personas import DATASETS, Persona, PersonaSet, load
from registry.citizens.changes import Secrecy, merge, set_review, set_secrecy
from registry.citizens.records import find_record_ids
from registry.kernel.db import Database


def load_personas(database: Database, uploads: Uploads, by: tuple[str, str]) -> PersonaSet:
    """Submit, check, approve and publish every file of the personas; return their version.

    ``by`` are who submits and who approves. Raises what each step raises.
    """
    told = load()
    for dataset in DATASETS:
        publishing.load_file(database, uploads, dataset, told.file(dataset), by)
    with database.transaction() as session:
        for persona in told.personas:
            _mark(session, persona, f"personas {told.version}")
    return told


def _mark(session: Session, persona: Persona, source: str) -> None:
    mark = persona.mark
    record = find_record_ids(session, {persona.personal_id, mark.merged_into} - {""})
    if mark.review:
        set_review(session, record[persona.personal_id], mark.review, open_=True, source=source)
    if mark.secrecy:
        set_secrecy(session, record[persona.personal_id], cast("Secrecy", mark.secrecy))
    if mark.merged_into:
        merge(session, record[persona.personal_id], record[mark.merged_into])

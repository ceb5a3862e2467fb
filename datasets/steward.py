"""Under what purpose stewards read what was submitted: a fixed one, logged like any other."""

from __future__ import annotations

from datasets.models import Submission
from registry.kernel.access_log import Asker

PROCEDURE = "sogoc:steward"
LEGAL_BASIS = "Luật Dữ liệu 60/2024/QH15; Nghị định 278/2025/NĐ-CP"


def asker_of(submission: Submission, by: str, client: str, trace_id: str) -> Asker:
    """Return who reads of a submission, as the access log writes it; its case is the submission."""
    return Asker(client, PROCEDURE, submission.id, LEGAL_BASIS, trace_id, by)

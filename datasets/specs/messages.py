"""One person's message from a source, read by the rules of the file of citizens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datasets.formats import Row
from datasets.specs.citizens import CITIZENS
from registry.kernel.fields import Document


def citizen_of_cells(message: Mapping[str, Any]) -> Document:
    """Return the document of a message whose names are the columns of the file of citizens.

    Raises ValueError for anything that a file would be refused for, and for an unknown name.
    """
    known = {column.name for column in CITIZENS.columns}
    if message.keys() - known or not all(isinstance(v, str) for v in message.values()):
        raise ValueError("not a message of texts by column name")
    cells = {name: value for name, value in message.items() if value}
    [entry] = CITIZENS.read([Row(1, cells)])
    if entry.change is None:
        raise ValueError("the message breaks the rules of the file of citizens")
    return entry.change.document

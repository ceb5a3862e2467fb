"""What an example of an operation in the OpenAPI document is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Example:
    """What is sent (the body, the query) and what comes back with status 200."""

    body: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)
    answer: Any = None

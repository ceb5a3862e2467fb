"""Bytes to numbered rows of text. Nothing is typed here: an id keeps its leading zeros.

Files are opened by what they hold, never by their name. What a file leaves open (its letters, its
sheet or layer, its coordinate system) is asked back and never guessed.
"""

from __future__ import annotations

from datasets.formats.options import AS_IT_IS, Options
from datasets.formats.rows import Row

__all__ = ["AS_IT_IS", "Options", "Row"]

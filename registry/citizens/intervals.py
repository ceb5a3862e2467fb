"""The history of a citizen as one client may see it (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from registry.citizens.rules import true_on, turning_days
from registry.kernel import intervals as kernel
from registry.kernel.fields import Selection
from registry.kernel.history import Segment
from registry.kernel.intervals import Interval


def intervals(history: Sequence[Segment], selection: Selection) -> list[Interval]:
    """Return what ``selection`` lets see of ``history`` (`registry.kernel.intervals`).

    What passes with the day alone is left out.
    """
    lasting = selection.lasting()
    return kernel.intervals(
        history, lambda document, day: lasting.cut(true_on(document, day), day), turning_days
    )

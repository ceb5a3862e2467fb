"""The files of other systems that are read as datasets of ours."""

from __future__ import annotations

from collections.abc import Sequence

from datasets.specs.base import Spec
from datasets.specs.profiles.base import Profile
from datasets.specs.profiles.c06_037 import C06_037
from datasets.specs.profiles.pl3 import PL3
from registry.kernel.errors import Invalid, Text

__all__ = ["PROFILES", "Profile", "find_profile", "through"]

PROFILES = {profile.name: profile for profile in (PL3, C06_037)}


def find_profile(dataset: str, header: Sequence[str]) -> Profile | None:
    """Return the profile of files with this header, None where it is of none that is known."""
    fitting = (profile for profile in PROFILES.values() if profile.recognises(header))
    return next((profile for profile in fitting if profile.dataset == dataset), None)


def through(spec: Spec, profile: str | None) -> Spec:
    """Return the specification for files of ``profile``, of its own files where that is None.

    Raises Invalid for a profile that there isn't, or that is of another dataset.
    """
    if profile is None:
        return spec
    known = PROFILES.get(profile)
    if known is None or known.dataset != spec.name:
        fitting = ", ".join(p.name for p in PROFILES.values() if p.dataset == spec.name) or "-"
        raise Invalid(
            Text(
                f"Bộ dữ liệu này không có mẫu tệp đó. Có: {fitting}.",
                f"This dataset has no such profile. There are: {fitting}.",
            )
        )
    return known.over(spec)

"""The files of other systems that are read as datasets of ours."""

from __future__ import annotations

from collections.abc import Sequence

from datasets.specs.profiles.base import Profile
from datasets.specs.profiles.c06_037 import C06_037
from datasets.specs.profiles.pl3 import PL3

__all__ = ["PROFILES", "Profile", "find_profile"]

PROFILES = {profile.name: profile for profile in (PL3, C06_037)}


def find_profile(dataset: str, header: Sequence[str]) -> Profile | None:
    """Return the profile of files with this header, None where it is of none that is known."""
    fitting = (profile for profile in PROFILES.values() if profile.recognises(header))
    return next((profile for profile in fitting if profile.dataset == dataset), None)

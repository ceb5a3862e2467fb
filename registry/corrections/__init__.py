"""Reports of wrong values: how they reach the steward, and how whoever reported sees the answer."""

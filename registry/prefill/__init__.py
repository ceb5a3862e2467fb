"""Filling forms: the value each procedure needs, where it comes from, and proof of it."""

"""Consents: what a person was asked, what they answered, and how they take it back."""

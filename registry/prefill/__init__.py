"""Prefill: which values an administrative procedure asks for, and what fills them."""

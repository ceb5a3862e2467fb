"""Prefill: what the registers know, on a form, with evidence of what was given and what came."""

"""One citizen in all the registers, joined in one answer."""

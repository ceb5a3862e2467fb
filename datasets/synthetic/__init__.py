"""Made-up people, the same for the same seed, with numbers that are never issued to anyone."""

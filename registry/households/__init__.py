"""Households: people at one lawful residence, with one head (Law on Residence, article 10)."""

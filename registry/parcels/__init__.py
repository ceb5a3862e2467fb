"""The land register: parcels, who holds them, and what limits the holding (ISO 19152, LADM)."""

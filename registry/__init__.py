"""The registers of Sổ Gốc and what they share."""

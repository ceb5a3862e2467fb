"""How files become records: submitted, checked against a specification, published."""

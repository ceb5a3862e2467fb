"""Civil status: the acts of the books, append-only (Law on Civil Status 60/2014/QH13)."""

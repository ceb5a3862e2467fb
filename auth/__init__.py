"""Who may do what: clients, keys, tokens and agreements. Knows no register."""

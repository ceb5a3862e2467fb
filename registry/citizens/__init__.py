"""The root register: people. Other registers refer to it by record id, never the reverse."""

"""Work in the background: what is to be done, who does it, how far it is."""

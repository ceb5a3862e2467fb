"""The protocol: one small extension a file, in the style of Authlib's own."""

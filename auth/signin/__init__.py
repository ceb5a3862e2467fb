"""How people prove who they are: by an OpenID provider outside, and a session here."""

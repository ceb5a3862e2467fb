"""The pages of people: server-rendered, for a phone first, in Vietnamese first.

An edge layer beside the API's blueprints: pages call the verbs of the registers and never their
tables. They work without JavaScript, hold no inline script or style, and ask nobody else for
anything.
"""

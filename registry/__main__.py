"""``python -m registry`` is the ``sogoc`` command."""

from registry.cli import main

main(prog_name="sogoc")

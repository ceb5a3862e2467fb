"""Documents as the text that is stored: rendered once, and parsed only by whoever looks inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson


def render(value: Any) -> str:
    """Return ``value`` as compact JSON with sorted keys; the same value gives the same text."""
    if isinstance(value, Rendered):
        return value.text
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


class Rendered(Mapping[str, Any]):
    """A document behind its own stored text, which is what `render` makes of it.

    A load hands millions of them from table to table without a look at what they say; ``known``
    are values that can be asked for without a look at the rest.

    >>> document = Rendered('{"a":1}')
    >>> document["a"], document == {"a": 1}, render(document)
    (1, True, '{"a":1}')
    """

    __slots__ = ("_content", "_known", "text")

    def __init__(self, text: str, known: Mapping[str, Any] | None = None) -> None:
        self.text = text
        self._known = known
        self._content: dict[str, Any] | None = None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Rendered:
        """Return a document that is rendered once, wherever it is written."""
        if isinstance(document, Rendered):
            return document
        made = cls(render(document))
        made._content = dict(document)
        return made

    @property
    def content(self) -> dict[str, Any]:
        """The document as plain values, parsed once."""
        if self._content is None:
            self._content = orjson.loads(self.text)
        return self._content

    def __getitem__(self, key: str) -> Any:
        """Return one value."""
        if self._known is not None and key in self._known:
            return self._known[key]
        return self.content[key]

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self.content)

    def __contains__(self, key: object) -> bool:
        """Say whether there is a value of that name."""
        return (self._known is not None and key in self._known) or key in self.content

    def __len__(self) -> int:
        """Return how many values there are."""
        return len(self.content)

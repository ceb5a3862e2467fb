"""What makes two writings of a reference or a serial number the same (pure)."""

from __future__ import annotations

from registry.kernel.text import clean


def reference_key(text: str) -> str:
    """Return the key of a sheet or parcel number; it is text and keeps its zeros.

    >>> reference_key(" 12-a "), reference_key("00") == reference_key("0")
    ('12-A', False)
    """
    return clean(text).upper()


def serial_key(text: str) -> str:
    """Return the key of a certificate's serial number: spaces don't matter, Đ is not D.

    >>> serial_key("AÐ 266864"), serial_key("ad266864")
    ('AĐ266864', 'AD266864')
    """
    return clean(text).upper().replace(" ", "")

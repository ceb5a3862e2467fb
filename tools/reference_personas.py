"""The page of the sandbox's personas, from their data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auth.signin.personas import STAFF
from datasets.synthetic.personas import load
from tools.markdown import table


def personas() -> Iterator[str]:
    """Yield the page of personas."""
    told = load()
    yield "Nhân vật của bản thử / Personas of the sandbox"
    yield f"Phiên bản / version `{told.version}`; điều mong đợi đúng vào ngày / true on"
    yield f"{told.checked_on}. `GET /sandbox/personas` trả về cùng nội dung, thêm từng giá trị."
    yield ""
    yield "`expect` is what a prefilled field of each register says: its state, why it is not ok,"
    yield "and how many members, acts or parcels there are. The API's list has the values, too."
    yield ""
    yield from table(
        ("Mã / slug", "Số định danh / id", "Tên / name", "Việt", "English", "Mong đợi / expect"),
        (
            (
                f"`{persona.slug}`",
                f"`{persona.personal_id}`",
                persona.name,
                persona.story.vi,
                persona.story.en,
                "; ".join(_expected(name, said) for name, said in persona.expect.items()),
            )
            for persona in told.personas
        ),
    )
    yield from ("", "## Cán bộ / staff", "")
    yield from table(
        ("Mã / slug", "Tên / name", "Việt", "English", "Vai trò / roles"),
        (
            (
                f"`{persona.key}`",
                persona.name,
                persona.about.vi,
                persona.about.en,
                ", ".join(f"`{role}`" for role in persona.roles),
            )
            for persona in STAFF
        ),
    )


def _expected(register: str, said: Mapping[str, Any]) -> str:
    reason = f" ({said['reason']})" if "reason" in said else ""
    count = f" × {said['count']}" if "count" in said else ""
    return f"{register} {said['state']}{reason}{count}"

"""The page of procedures: fields, what fills them, by which law, and the papers they replace."""

from __future__ import annotations

from collections.abc import Iterator

from registry.prefill.linting import used_bases
from registry.prefill.profiles import Basis, Component, Field, Profile, list_profiles
from tools.markdown import table


def procedures() -> Iterator[str]:
    """Yield the page of service profiles."""
    profiles = list_profiles()
    papers = [each for p in profiles for each in p.components if each.kind == "paper"]
    replaced = sum(1 for paper in papers if paper.replaced_by)
    yield "Thủ tục / Procedures"
    yield f"{len(profiles)} hồ sơ dịch vụ; {replaced} trong {len(papers)} loại giấy tờ được thay"
    yield "bằng dữ liệu. Cách viết thêm: [procedures.md](../procedures.md). Dấu * ở căn cứ: chưa"
    yield "đối chiếu với văn bản."
    yield ""
    yield f"{len(profiles)} service profiles; data replace {replaced} of {len(papers)} papers. How"
    yield "to write one: [procedures.md](../procedures.md). A * marks a basis that nobody has yet"
    yield "compared with the text of the act."
    for profile in profiles:
        yield from _section(profile)


def _section(profile: Profile) -> Iterator[str]:
    yield from ("", f"## {profile.name.vi}", "", f"{profile.name.en}.", "")
    codes = ", ".join(f"`{code.code}`" for code in profile.codes)
    yield f"Mã / codes: {codes}. Hồ sơ / profile: `{profile.id}`, {profile.version}."
    yield ""
    yield from table(
        ("Trường / field", "Việt", "English", "Nguồn / source", "Căn cứ / basis", "Cách / how"),
        (
            (f"`{f.key}`", f.label.vi, f.label.en, _source(f), _cite(f.basis), _how(f))
            for f in profile.fields
        ),
    )
    yield ""
    yield from table(
        ("Giấy tờ / paper", "English", "Thay bằng / replaced by", "Căn cứ / ground"),
        ((c.label.vi, c.label.en, _replaced(c), _cite(c.ground)) for c in profile.components),
    )
    yield ""
    yield from table(
        ("Căn cứ / basis", "Văn bản / act", "Điều / article", "Từ / from", "Đến / to"),
        (_law(basis) for basis in used_bases(profile)),
    )


def _source(field: Field) -> str:
    if not field.attribute:
        return "người dân khai / declared"
    act = f" ({field.act})" if field.act else ""
    asked = f", `{field.predicate}`" if field.predicate else ""
    return f"`{field.attribute}`{act}{asked}"


def _how(field: Field) -> str:
    told = [
        *(["bắt buộc / required"] if field.required else []),
        *(["bỏ chọn được / may be left out"] if field.optional_to_share else []),
        *(["khóa / locked"] if field.lock == "locked" else []),
        *([f"≤ {field.stale_after_days} ngày / days"] if field.stale_after_days else []),
    ]
    return "; ".join(told)


def _replaced(component: Component) -> str:
    if component.replaced_by:
        return ", ".join(f"`{key}`" for key in component.replaced_by)
    return f"{component.note.vi} / {component.note.en}" if component.note else ""


def _cite(basis: str) -> str:
    return f"`{basis}`" if basis else ""


def _law(basis: Basis) -> tuple[str, ...]:
    mark = "" if basis.verified else " *"
    end = basis.valid_to.isoformat() if basis.valid_to else ""
    return (f"`{basis.id}`{mark}", basis.act, basis.article, basis.valid_from.isoformat(), end)

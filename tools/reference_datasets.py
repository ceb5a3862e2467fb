"""The pages of datasets and of rules, for `tools.reference`."""

from __future__ import annotations

from collections.abc import Iterator

from datasets.specs import RULES, SPECS
from datasets.specs.columns import meanings
from datasets.specs.rules import RULEBOOK, Threshold
from datasets.synthetic import books, civil, deeds, fates, land, people
from tools.dirt import DIRT
from tools.land_dirt import LAND_DIRT
from tools.markdown import table


def datasets() -> Iterator[str]:
    """Yield the page of datasets: their columns, and the dirt of made-up files."""
    yield "Bộ dữ liệu / Datasets"
    yield "Tệp CSV UTF-8, ô là chữ, hàng đầu là tên cột, theo thứ tự nạp dưới đây. Bộ có cột"
    yield "`geometry` cũng nhận GeoJSON, GeoPackage và Shapefile nén zip."
    yield ""
    yield "CSV in UTF-8 with a header, loaded in this order; `sogoc dataset template` prints one. A"
    yield "dataset with a column `geometry` takes GeoJSON, GeoPackage and zipped Shapefiles too."
    yield "The rules that rows are held to have [a page of their own](rules.md)."
    for spec in SPECS.values():
        yield from ("", f"## {spec.name} ({spec.vi})", "")
        known = meanings(spec.name)
        yield from table(
            ("Cột / column", "Việt", "English", "Cách ghi / written as", "Bắt buộc", "Ví dụ"),
            (
                (
                    f"`{c.name}`",
                    c.vi,
                    known[c.name].en,
                    " ".join(f"`{word}`" for word in (known[c.name].kind, *known[c.name].lists)),
                    "x" if c.required else "",
                    c.example and f"`{c.example}`",
                )
                for c in spec.columns
            ),
        )
    yield from ("", "## Cách ghi / ways of writing", "")
    hints = {m.kind: m.hint for name in SPECS for m in meanings(name).values()}
    yield from table(
        ("", "Việt", "English"),
        ((f"`{kind}`", hint.vi, hint.en) for kind, hint in sorted(hints.items())),
    )
    yield from ("", "## Độ bẩn của dữ liệu giả lập / dirt of synthetic files", "")
    yield "Năm người đầu (gia đình mẫu) không có lỗi, trừ một ngày sinh đã cải chính; tỷ lệ tính"
    yield "trên mọi người nếu không ghi khác."
    yield ""
    yield "The first five, who are the personas, have none of it but one birthday that was"
    yield "corrected. Shares are of all people unless the row says otherwise."
    yield ""
    yield from table(("Việt", "English", "Tỷ lệ / share"), _dirt())


def rules() -> Iterator[str]:
    """Yield the page of rules: what is wrong, what to do, and when it is too much."""
    yield "Quy tắc kiểm tra / Rules"
    yield "`error` giữ dòng lại, `warning` chỉ nhắc, `info` chỉ ghi nhận. Quá ngưỡng thì không được"
    yield "phê duyệt; ngưỡng có cả số và tỷ lệ thì phải quá cả hai. Mã không bao giờ dùng lại."
    yield ""
    yield "`error` holds the row back, `warning` and `info` let it through. Above its threshold a"
    yield "load can't be approved; of a number and a share, both must be passed. No code is reused."
    for about, title in RULEBOOK.about.items():
        yield from ("", f"## {title.vi} / {title.en}", "")
        yield from table(
            (
                "Mã / code",
                "Mức",
                "Việt",
                "English",
                "Cách sửa",
                "Repair",
                "Ngưỡng",
                "Nhóm / groups",
            ),
            (
                (
                    *(f"`{r.code}`", r.severity, r.text.vi, r.text.en, r.repair.vi, r.repair.en),
                    _limit(r.threshold),
                    f"`{r.repair_kind}` `{r.dimension}` `{r.group}`",
                )
                for r in RULES.values()
                if r.about == about
            ),
        )
    for heading, words in (
        ("Việc cần làm / repairs", RULEBOOK.repairs),
        ("Chiều chất lượng / dimensions of quality", RULEBOOK.dimensions),
        ("Nhóm lỗi / groups of errors", RULEBOOK.groups),
    ):
        yield from ("", f"## {heading}", "")
        yield from table(
            ("Mã / code", "Việt", "English"),
            ((f"`{code}`", word.vi, word.en) for code, word in words.items()),
        )
    if RULEBOOK.retired:
        yield from ("", "## Mã đã bỏ / retired codes", "")
        yield ", ".join(f"`{code}`" for code in sorted(RULEBOOK.retired))


def _limit(threshold: Threshold | None) -> str:
    if threshold is None:
        return ""
    count = "" if threshold.count is None else f"{threshold.count}"
    percent = "" if threshold.percent is None else f"{threshold.percent:g} %"
    return ", ".join(filter(None, (count, percent)))


def _dirt() -> Iterator[tuple[str, str, str]]:
    since = "…"
    for last, share in people.YEAR_ONLY.items():
        until = last if last < people.ON.year else "…"
        yield f"Chỉ biết năm sinh ({since}–{until})", "Only the year of birth known", f"{share:.0%}"
        since = str(last + 1)
    for module in (people, fates, civil, books, land, deeds):
        for name, value in vars(module).items():
            if name.isupper() and not name.startswith("_") and isinstance(value, float):
                yield *(DIRT | LAND_DIRT)[name], f"{100 * value:g}%"

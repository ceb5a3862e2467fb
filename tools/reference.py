"""Writes the pages of ``docs/reference`` from the code: ``make docs``.

Nobody edits these pages. A law test compares them with what this module makes, so that they can't
say what the code no longer does. The first look-up in the READMEs comes from the demo's own guide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import click

from auth.scopes import SCOPES
from registry.cli import main as sogoc
from registry.demo import Mark, guide
from registry.http import TEXTS
from registry.kernel.errors import SogocError
from registry.kernel.fields import Catalogue
from registry.kernel.settings import PREFIX, Settings
from registry.problems import PROBLEMS
from tools.markdown import table
from tools.reference_datasets import datasets, rules
from tools.reference_personas import personas
from tools.reference_procedures import procedures

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "reference"
READMES = (ROOT / "README.md", ROOT / "README.vi.md")
_NOTE = "Trang này do `make docs` tạo từ mã nguồn / made from the code by `make docs`."
_WIDTH = 100

# When the framework itself refuses; the other problems say it in their error's docstring.
_WHEN = {
    "method-not-allowed": "The path exists, for another method.",
    "too-large": "The body is larger than `SOGOC_MAX_BODY_BYTES`.",
    "internal": "A fault of the server; tell its operator the `trace_id`.",
}


def main() -> None:
    """Write every page, and remove what is no page any more."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    pages = render()
    for old in FOLDER.iterdir():
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (FOLDER / name).write_text(text, "utf-8")
    for readme in READMES:
        readme.write_text(with_first_look_up(readme.read_text("utf-8")), "utf-8")


def with_first_look_up(readme: str) -> str:
    """Return the text of a README with the two lines that the demo prints first."""
    told = guide(8000, Mark("SECRET", "SECRET", "SECRET", "MOMENT")).splitlines()
    token = next(line for line in told if line.startswith("TOKEN="))
    question = next(line for line in told if line.startswith("curl "))
    before, mark, rest = readme.partition("```sh\nTOKEN=")
    _, end, after = rest.partition("\n```\n")
    if not mark or not end:
        raise ValueError("the README has no first look-up")
    return f"{before}```sh\n{token}\n\n{question}{end}{after}"


def render() -> dict[str, str]:
    """Return the text of each page by its file name."""
    pages: tuple[Callable[[], Iterable[str]], ...] = (
        settings,
        scopes,
        commands,
        problems,
        attributes,
        datasets,
        rules,
        personas,
        procedures,
    )
    return {f"{page.__name__}.md": "\n".join([*_page(page), ""]) for page in pages}


def _page(page: Callable[[], Iterable[str]]) -> Iterator[str]:
    title, *lines = page()
    yield from (f"# {title}", "", _NOTE, "", *lines)


def settings() -> Iterator[str]:
    """Yield the page of settings."""
    yield "Cài đặt / Settings"
    yield "Đọc một lần khi khởi động; tên lạ hoặc giá trị sai làm máy chủ không chạy."
    yield ""
    yield "Read once at start. An unknown name or a wrong value stops the start and names the"
    yield "nearest setting. Each also has a `_FILE` form, whose value is the file that holds it."
    yield ""
    yield from table(
        ("Biến / variable", "Mặc định / default", "Ý nghĩa / meaning"),
        (
            (f"`{PREFIX}{field.name.upper()}`", f"`{field.default}`", field.metadata["about"])
            for field in fields(Settings)
        ),
    )


def scopes() -> Iterator[str]:
    """Yield the page of scopes."""
    yield "Phạm vi / Scopes"
    yield "Mã truy cập mang phạm vi; thỏa thuận quyết định được đọc trường nào."
    yield ""
    yield "A token carries scopes; the agreement says which attributes may be read."
    yield ""
    rows = ((f"`{name}`", text.vi, text.en) for name, text in sorted(SCOPES.items()))
    yield from table(("Phạm vi / scope", "Việt", "English"), rows)


def commands() -> Iterator[str]:
    """Yield the page of commands, which is the help they print themselves."""
    yield "Lệnh / Commands"
    yield "`make demo` đặt lệnh ở `.venv/bin/sogoc`; `python -m registry` cũng là lệnh đó."
    yield ""
    yield "Data goes to standard output, messages to standard error. Exit 0: done, 1: the work"
    yield "found errors, 2: wrong usage."
    yield from _help(sogoc, None)


def _help(command: click.Command, above: click.Context | None) -> Iterator[str]:
    name = "sogoc" if above is None else command.name
    context = click.Context(
        command, above, name, terminal_width=_WIDTH, max_content_width=_WIDTH, color=False
    )
    yield from ("", f"## {context.command_path}", "", "```text", command.get_help(context), "```")
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            yield from _help(command.commands[below], context)


def problems() -> Iterator[str]:
    """Yield the page of problem types and of the codes of parameter errors."""
    yield "Lỗi / Problems"
    yield "Mỗi lỗi là một tài liệu `application/problem+json` (RFC 9457); `type` là"
    yield "`{issuer}/problems/{code}`, ngôn ngữ theo `Accept-Language` (vi, en)."
    yield ""
    yield "Every error is such a document; the language follows `Accept-Language`."
    yield ""
    about = _WHEN | {kind.code: _first_line(kind) for kind in _kinds(SogocError)}
    yield from table(
        ("Mã / code", "HTTP", "Việt", "English", "Khi nào / when"),
        (
            (f"`{code}`", problem.status, problem.title.vi, problem.title.en, about[code])
            for code, problem in sorted(PROBLEMS.items(), key=lambda item: item[1].status)
        ),
    )
    yield from ("", "## Mã trong `errors[]` / codes in `errors[]`", "")
    rows = ((f"`{code}`", text.vi, text.en) for code, text in TEXTS.items())
    yield from table(("Mã / code", "Việt", "English"), rows)


def _kinds(kind: type[SogocError]) -> Iterator[type[SogocError]]:
    yield from kind.__subclasses__()
    for below in kind.__subclasses__():
        yield from _kinds(below)


def _first_line(kind: type[SogocError]) -> str:
    return (kind.__doc__ or "").splitlines()[0].replace("``", "`")


def attributes() -> Iterator[str]:
    """Yield the page of what each register can answer."""
    yield "Trường dữ liệu / Attributes"
    yield "Yêu cầu nêu đường dẫn, hoặc tên nhóm (phần đầu) cho cả nhóm. Trường suy ra cần quyền"
    yield "đọc mọi nguồn; cờ tự kèm theo, không yêu cầu riêng được."
    yield ""
    yield "A request names paths, or a group for all below it; a derived attribute needs the right"
    yield "to all its sources. Flags ride along and can't be requested."
    for catalogue in catalogues():
        yield from ("", f"## {catalogue.register}", "")
        yield from table(
            ("Đường dẫn / path", "Việt", "English", "Độ nhạy / sensitivity", "Nguồn / sources"),
            (
                (f"`{a.path}`", a.vi, a.en, a.sensitivity, ", ".join(f"`{s}`" for s in a.sources))
                for a in catalogue.attributes
            ),
        )
        yield from ("", "Cờ / flags: " + ", ".join(f"`{flag}`" for flag in sorted(catalogue.flags)))


def catalogues() -> list[Catalogue]:
    """Return the catalogue of every register, found by the name of its module."""
    found = sorted((ROOT / "registry").glob("*/attributes.py"))
    return [import_module(f"registry.{path.parent.name}.attributes").CATALOGUE for path in found]


if __name__ == "__main__":
    main()

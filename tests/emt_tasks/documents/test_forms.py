import csv
import html.parser
import io
from pathlib import Path

import pytest
from rich.console import Console

from emt_tasks.documents import forms, terminal
from emt_tasks.documents.blocks import Column, Document, Heading, Items, Paragraph, Table
from emt_tasks.errors import EmtError, UnknownName

HOSTILE = "<script>x</script> \x1b[31m[bold red]|\\input{a}$\u202e=1"
COLUMNS = (Column(HOSTILE, folds=True), Column(("n", "95 %"), number=True))
TABLE = Table(HOSTILE, COLUMNS, ((HOSTILE, ("1.0", "[0.5, 1.5]")), ("plain", "2.0")), HOSTILE)
DOCUMENT = Document(HOSTILE, (Heading(HOSTILE), Paragraph(HOSTILE), Items((HOSTILE,)), TABLE))


def on_terminal(document: Document, width: int = 80) -> str:
    text = io.StringIO()
    terminal.shown(document, Console(file=text, width=width, force_terminal=True, color_system=None))
    return text.getvalue()


def test_a_terminal_gets_no_control_character_and_reads_no_markup() -> None:
    shown = on_terminal(DOCUMENT)
    assert "\x1b[31m" not in shown
    assert "\u202e" not in shown
    assert "[bold red]" in shown


def test_a_pipe_of_80_columns_holds_every_line() -> None:
    assert max(map(len, on_terminal(DOCUMENT).splitlines())) <= 80


@pytest.mark.parametrize("form", forms.FORMS)
def test_no_form_lets_a_control_character_through(form: str) -> None:
    text = forms.FORMS[form](DOCUMENT)
    assert not set(text) & {"\x1b", "\u202e", "\x07"}
    assert text.endswith("\n")


def test_html_has_the_text_in_it_and_nothing_that_runs_or_loads() -> None:
    class Reader(html.parser.HTMLParser):
        tags: list = []  # noqa: RUF012

        def handle_starttag(self, tag: str, attrs: list) -> None:
            self.tags.append(tag)
            assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)

    page = forms.FORMS["html"](DOCUMENT)
    Reader().feed(page)
    assert "script" not in Reader.tags
    assert page.count("&lt;script&gt;") >= 6
    assert "default-src 'none'" in page


def test_a_narrow_page_folds_text_between_words_and_scrolls_for_the_rest() -> None:
    page = forms.FORMS["html"](DOCUMENT)
    cells = next(line for line in page.splitlines() if line.startswith("td {"))
    assert "overflow-wrap: break-word" in cells  # `anywhere` makes columns a letter wide
    assert page.count('<td class="text">') == 2


def test_markdown_tables_have_as_many_cells_in_each_line() -> None:
    lines = [line for line in forms.FORMS["markdown"](DOCUMENT).splitlines() if line.startswith("|")]
    assert {line.replace(r"\|", "").count("|") for line in lines} == {4}


def test_latex_tables_have_as_many_cells_in_each_line() -> None:
    lines = [line for line in forms.FORMS["latex"](DOCUMENT).splitlines() if line.endswith(r"\\")]
    assert [line.replace(r"\&", "").count("&") for line in lines] == [2, 2, 2]


def test_a_cell_of_two_lines_is_two_columns_of_csv() -> None:
    lines = list(csv.reader(io.StringIO(forms.FORMS["csv"](DOCUMENT))))
    assert [len(line) for line in lines] == [3, 3, 3]
    assert lines[0][1:] == ["n", "95 %"]
    assert lines[1][1:] == ["1.0", "[0.5, 1.5]"]


@pytest.mark.parametrize("form", forms.FORMS)
def test_an_empty_table_is_written_too(form: str) -> None:
    assert forms.FORMS[form](Document("nothing", (Table("empty", COLUMNS, ()),)))


def test_a_row_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(ValueError, match="1 cells for 2 columns"):
        Table("t", COLUMNS, (("a",),))


def test_a_file_s_ending_says_its_form() -> None:
    assert forms.form_of(Path("a.TEX")) == "latex"
    with pytest.raises(UnknownName, match=r"\.tex"):
        forms.form_of(Path("a.tx"))


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    forms.save("text", tmp_path / "new" / "a.md")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.md"]
    with pytest.raises(EmtError, match="can't be written"):
        forms.save("text", tmp_path / "new" / "a.md" / "b.md")

import csv
import html.parser
import io
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from emt_tasks import escaping

HOSTILE = [
    "\x1b[2J\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07after",
    "\x9b31mc1",
    "a\r\nb\tc\x00d",
    "right\u202eto left",
    "zero\u200bwidth",
    "<script>alert(1)</script>",
    "\" onmouseover='x'",
    "]]> --> <!-- &amp;",
    r"\input{/etc/passwd} $x$ % & # _ ^ ~ {",
    r"\write18{rm -rf /}",
    "``quotes'' -- --- ?` !`",
    "| a | b |\n| --- |",
    "[x](javascript:alert(1)) ![i](http://x/y.png) <b>",
    "# heading `code` *em* https://example.org a@b.c",
    "=HYPERLINK(1)",
    "  @SUM(1)",
    "\t+1",
    "-1+1",
    'a,"b"\n',
]
marks = st.lists(st.sampled_from("<>&\"'\\${}%#_^~|`*[]()!-=+@\x1b\x07\n a1")).map("".join)
texts = st.one_of(st.sampled_from(HOSTILE), st.text(), marks)


@given(texts)
@example("\ud800")
def test_nothing_that_acts_is_left_in_any_form(text: str) -> None:
    for escape in (
        escaping.plain,
        escaping.terminal,
        escaping.html,
        escaping.latex,
        escaping.markdown,
        escaping.csv_cell,
    ):
        acting = [letter for letter in escape(text) if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")]
        assert acting == []


@given(texts)
def test_html_holds_the_text_and_no_tag(text: str) -> None:
    class Reader(html.parser.HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.tags, self.text = [], ""

        def handle_starttag(self, tag: str, attrs: list) -> None:
            self.tags.append((tag, attrs))

        def handle_data(self, data: str) -> None:
            self.text += data

    reader = Reader()
    reader.feed(f'<p title="{escaping.html(text)}">{escaping.html(text)}</p>')
    reader.close()
    assert reader.tags == [("p", [("title", escaping.plain(text))])]
    assert reader.text == escaping.plain(text)


@given(texts)
def test_latex_has_no_command_but_those_of_the_escapes(text: str) -> None:
    named = "backslash|asciicircum|asciitilde|less|greater|bar|asciigrave|quotesingle"
    known = rf"\\(?:text(?:{named})\{{\}}|symbol\{{34\}}|[{{}}$&#%_])"
    rest = re.sub(known + r"|\{[\[\]-]\}", "", escaping.latex(text))
    assert not re.search(r"[\\{}$&#%_^~<>|\"`']|--", rest)


@given(texts)
@example("1. item")
@example("~~~")
@example("    indented")
def test_markdown_reads_the_text_as_text_alone(text: str) -> None:
    """By markdown-it, with HTML, tables, strikethrough and links for addresses switched on."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    blocks = parser.parse(escaping.markdown(text))
    inner = [child for block in blocks for child in block.children or ()]
    assert {block.type for block in blocks} <= {"paragraph_open", "inline", "paragraph_close"}
    assert {child.type for child in inner} <= {"text", "text_special"}
    assert "".join(child.content for child in inner) == escaping.plain(text).strip()


@given(texts)
def test_no_cell_of_a_spreadsheet_is_a_formula(text: str) -> None:
    written = io.StringIO()
    csv.writer(written).writerow([escaping.csv_cell(text)])
    [[cell]] = csv.reader(io.StringIO(written.getvalue()), strict=True)
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("text", ["ship", "It's a dog.", "größer", "日本", "👍"])
def test_harmless_text_stays(text: str) -> None:
    assert escaping.plain(text) == escaping.csv_cell(text) == text

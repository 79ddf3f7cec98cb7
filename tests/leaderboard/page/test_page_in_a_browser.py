"""The page in a browser: by keyboard, on a phone, in the dark, without JavaScript, without network."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from synthetic_board import board

from leaderboard.board.table import cell, columns
from leaderboard.board.view import Confused, Read
from leaderboard.page import render
from leaderboard.page.wording import words

SECTIONS = list(words("en")["sections"])
UNSEEN = "\u202e\u2066\u0007\u001b\u2028"
ATTRIBUTES = "[...document.querySelectorAll('*')].flatMap((e) => [...e.attributes]).map((a) => a.name)"
ADDRESS = "#<img src=x onerror=alert(1)>?q=<script>&sample=%FF&cell=9.9&set=__proto__&a=constructor&b=toString&map=x"
MORE = "&cols=constructor&reading=__proto__&sort=constructor.desc&method=toString&epoch=valueOf&theme=x&drawn=y"
STATE = """() => JSON.stringify({
  heads: [...document.querySelectorAll('#board thead th')].filter((h) => h.offsetWidth)
    .map((h) => [h.dataset.key, h.ariaSort]),
  rows: [...document.querySelectorAll('#board tbody tr[id]')].filter((r) => !r.hidden)
    .map((r) => r.innerText),
  controls: [...document.querySelectorAll('input, select')]
    .map((c) => [c.id || c.value, c.type === 'checkbox' ? c.checked : c.value]),
  theme: document.documentElement.dataset.theme ?? '', drawn: document.getElementById('roses').dataset.drawn,
  matrix: [...document.querySelectorAll('.matrix')].filter((m) => !m.hidden).map((m) => m.innerText),
  map: [...document.querySelectorAll('.map')].filter((m) => !m.hidden).map((m) => m.innerText),
  answer: document.querySelector('#answers > .now')?.id, place: document.getElementById('place')?.textContent,
  compared: document.getElementById('comparison').innerText,
})"""


def only_itself(page: Any) -> bool:
    return all(line.startswith(("request file:", "request data:")) for line in page.told)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_section(site: Path, opened: Any, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="the extra `browser` is not installed")
    page = opened(site, color_scheme=scheme)
    first, second = (page.locator("#a option").nth(at).get_attribute("value") for at in (1, 2))
    page.select_option("#a", first)
    page.select_option("#b", second)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = axe.Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
    assert only_itself(page), page.told


@pytest.mark.parametrize("file", ["index.html", "index.zh.html"])
def test_nothing_is_wider_than_a_small_phone(site: Path, opened: Any, file: str) -> None:
    page = opened(site, file=file, width=320)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_everything_is_there_without_javascript(site: Path, opened: Any) -> None:
    page = opened(site, java_script_enabled=False)
    for key in SECTIONS:
        assert len(page.locator(f"#{key}").inner_text()) > 60, key
    assert page.locator("#board tbody tr[id]").count() == 12 + len(board(12).pinned)
    assert all(one.is_visible() for one in page.locator("#board thead th").all())
    assert page.locator("#answers > li").first.is_visible()
    assert page.locator(".matrix").first.is_visible()
    assert page.locator(".drawing svg").first.is_visible()
    assert not page.locator(".controls").first.is_visible()
    assert all(one.is_visible() for one in page.locator("#roses figure").all())


def test_a_keyboard_sorts_filters_opens_an_answer_and_compares(site: Path, opened: Any) -> None:
    page = opened(site)
    page.locator("#board thead [data-key='macro'] button").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.locator("#board thead [aria-sort]").get_attribute("data-key") == "macro"
    numbers = [float(text) for text in page.locator(".ranked td:nth-child(16)").all_inner_texts() if text[:1].isdigit()]
    assert numbers == sorted(numbers)
    page.locator("#q").focus()
    page.keyboard.type("model-7")
    assert page.locator(".ranked tr[id]:visible, .unranked tr[id]:visible").count() == 1
    assert "1 of 12" in page.locator("#shown").inner_text()
    page.locator("#next").focus()
    first = page.locator("#answers > .now").get_attribute("id")
    page.keyboard.press("ArrowRight")
    second = page.locator("#answers > .now").get_attribute("id")
    page.keyboard.press("k")
    assert first != second
    assert page.locator("#answers > .now").get_attribute("id") == first
    page.locator(".strip button").nth(3).focus()
    page.keyboard.press("Enter")
    assert page.locator("#answers > .now").get_attribute("id") not in (first, second)
    assert page.locator("#comparison tbody tr").count() == 5
    page.locator("#b").focus()
    page.keyboard.press("ArrowDown")
    assert "b=" in page.url
    assert page.locator("#comparison tbody tr").count() == 5
    page.locator("#a").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator("#comparison").inner_text() == words("en")["compare"]["same"]
    assert only_itself(page), page.told


def test_a_comparison_says_what_it_finds_about_the_mean_beside_single_sets(site: Path, opened: Any) -> None:
    told = words("en")["compare"]
    sayings = {key: told[key].split(":")[0] for key in ("mean_shown", "mean_open")}
    page, seen = opened(site), set()
    for at in range(2, 8):
        page.locator("#b").select_option(index=at)
        said = page.locator(".verdict").inner_text()
        mean = page.locator("#comparison tbody tr").last.inner_text()
        low, high = (
            float(text.replace("\u2212", "-")) for text in re.findall(r"[-+\u2212]?[\d.]+", mean.split("[")[1])
        )
        which = "mean_open" if low <= 0 <= high else "mean_shown"
        assert sayings[which] in said
        assert ("without 0" in said) is (which == "mean_shown")
        assert f"[{mean.split('[')[1].split(']')[0]}]" in said
        seen.add(which)
    assert "mean_shown" in seen


CONTROLS = [
    ("sort", "document.querySelector('#board thead [data-key=cifar10] button').click()"),
    ("cols", "document.querySelector('[data-preset=forgetting]').click()"),
    ("cols", "document.querySelector('[name=column][value=mnist]').click()"),
    ("q", "type('q', 'model-1')"),
    ("tuning", "choose('tuning', 1)"),
    ("encoder", "choose('encoder', 1)"),
    ("tier", "choose('tier', 1)"),
    ("reading", "choose('reading', 1)"),
    ("intervals", "document.getElementById('intervals').click()"),
    ("theme", "choose('theme', 2)"),
    ("drawn", "document.querySelector('button[data-drawn=dot]').click()"),
    ("epoch", "type('epoch', '0')"),
    ("method", "choose('method', 1)"),
    ("map", "choose('map-entry', 1)"),
    ("map", "choose('map-set', 1)"),
    ("cell", "document.querySelector('.map[open] .mistakes button').click()"),
    ("of", "choose('of-entry', 2)"),
    ("set", "choose('of-set', 2)"),
    ("outcome", "choose('of-outcome', 1)"),
    ("differ", "document.getElementById('differ').click()"),
    ("sample", "document.getElementById('next').click()"),
    ("a", "document.getElementById('swap').click()"),
    ("a", "choose('a', 3)"),
    ("b", "choose('b', 4)"),
]
HANDS = """
  const told = (id, change, event) => {
    const c = document.getElementById(id);
    change(c);
    c.dispatchEvent(new Event(event));
  };
  const choose = (id, at) => told(id, (c) => { c.selectedIndex = at; }, "change");
  const type = (id, text) => told(id, (c) => { c.value = text; }, "input");
"""


def test_every_control_is_in_the_address_and_comes_back_from_it(site: Path, opened: Any) -> None:
    page, other = opened(site), opened(site)
    start, started = page.url, page.evaluate(STATE)
    for name, action in CONTROLS:
        page.evaluate(f"() => {{ {HANDS} {action} }}")
        assert f"{name}=" in page.url, action
        other.goto("about:blank")
        other.goto(page.url)
        assert other.evaluate(STATE) == page.evaluate(STATE), action
        page.goto("about:blank")
        page.goto(start)
        assert page.evaluate(STATE) == started


def test_back_undoes_and_links_within_the_page_keep_what_was_chosen(site: Path, opened: Any) -> None:
    page = opened(site)
    started = page.evaluate(STATE)
    page.click("[data-preset=hallucination]")
    page.click(".bar nav a[href='#about']")
    assert page.url.endswith("#about?cols=hallucination")
    page.go_back()
    page.go_back()
    page.wait_for_function(f"(started) => ({STATE})() === started", arg=started)  # the page hears of it a moment later
    page.click("[data-preset=all]")
    page.click("#language")
    page.wait_for_url("**/index.zh.html#?cols=all")
    page.wait_for_selector("[data-preset=all][aria-pressed=true]")


def test_a_cell_of_a_confusion_opens_its_answers(opened: Any, tmp_path: Path) -> None:
    made = board(6)
    key, entry = "cifar10", made.entries[0]
    told = replace(
        made.samples[0],
        id=f"{entry.id}:{key}:3",
        entry=entry.id,
        key=key,
        label="cat",
        reads=(Read("label_match", "dog", "incorrect"),),
    )
    confused = replace(entry.results[key], confused=Confused(((3, 3, 7), (3, 5, 2)), ()))
    first = replace(entry, results={**entry.results, key: confused})
    made = replace(made, entries=(first, *made.entries[1:]), samples=(*made.samples[:3], told))
    (tmp_path / "index.html").write_text(render(made).html, encoding="utf8")
    page = opened(tmp_path, f"#confusions?map={entry.id}:{key}")
    page.click(".cells button[aria-label*='cat taken for dog']")
    assert page.locator("#answers > .now").get_attribute("id") == f"s-{entry.id}:{key}:3"
    assert "cat taken for dog" in page.locator("#of-cell").inner_text()
    page.click("#of-cell button")
    assert page.locator("#place").inner_text().endswith("of 4")


def test_what_was_not_run_comes_last_either_way_and_what_is_pinned_stays(site: Path, opened: Any) -> None:
    sorted_by = "[...r.closest('table').tHead.rows[0].cells].findIndex((c) => c.ariaSort)"
    places = f"(rows) => rows.map((r) => r.cells[{sorted_by}].textContent)"
    for way in ("asc", "desc"):
        page = opened(site, f"#table?cols=all&sort=cifar100.{way}")
        for group in page.locator("#group-ranked, #group-unranked").all():
            cells = group.locator("tr[id]").evaluate_all(places)
            numbers = [float(text.split()[0]) for text in cells if text]
            assert cells[len(numbers) :] == [""] * (len(cells) - len(numbers))
            assert numbers == sorted(numbers, reverse=way == "desc")
        pinned = [f"r-{one.id}" for one in board(12).pinned]
        assert page.locator("#group-pinned tr[id]").evaluate_all("(rows) => rows.map((r) => r.id)") == pinned


@pytest.mark.parametrize("reading", ["label_match", "gpt_judge"])
def test_each_cell_is_what_data_files_have_under_the_reading_that_is_chosen(
    site: Path, opened: Any, reading: str
) -> None:
    made = board(12)
    page = opened(site, f"#table?reading={reading}")
    shown = [one for one in columns(made.sets) if one.key not in ("kind", "id")]
    cells = "(rows) => rows.map((r) => [r.id.slice(2), [...r.cells].map((c) => c.textContent)])"
    rows = dict(page.locator("#board tbody tr[id]").evaluate_all(cells))
    for entry in (*made.entries, *(one for one in made.pinned if one.kind == "encoder")):
        assert rows[entry.id] == [cell(entry, column, reading).text for column in shown]


def test_an_answers_own_anchor_opens_it(site: Path, opened: Any) -> None:
    wanted = board(12).samples[7].id
    page = opened(site, f"#s-{wanted}")
    assert page.locator("#answers > .now").get_attribute("id") == f"s-{wanted}"
    strip = page.locator(".strip button:not([tabindex='-1'])")
    assert strip.count() == 1
    strip.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".strip button:focus").get_attribute("aria-current") == "true"


def downloaded(page: Any, form: str) -> str:
    with page.expect_download() as waiting:
        page.click(f"[data-download={form}]")
    return Path(waiting.value.path()).read_text(encoding="utf8")


MODEL = next(one for one in columns(()) if one.key == "model")


@pytest.mark.parametrize("which", ["site", "hostile"])
def test_what_is_downloaded_is_what_the_table_says(which: str, request: pytest.FixtureRequest, opened: Any) -> None:
    page = opened(request.getfixturevalue(which), "#table?q=1&sort=cifar10.desc")
    rows = list(csv.DictReader(io.StringIO(downloaded(page, "csv"))))
    told = json.loads(downloaded(page, "json"))["rows"]
    by_id = {one.id: one for one in (*board(12, hostile=which == "hostile").entries, *board(12).pinned)}
    shown = page.locator("#board tbody tr[id]:visible")
    assert [f"r-{row['id']}" for row in rows] == [one.get_attribute("id") for one in shown.all()]
    assert [row["id"] for row in rows] == [row["id"] for row in told]
    for row, same in zip(rows, told, strict=True):
        assert all(
            row[key].lstrip("'") == ("" if same[key] is None else str(same[key]).lstrip("'"))
            for key in ("n", "tier", "date")
        )
        assert same["model"] == cell(by_id[row["id"]], MODEL).value
        for column in columns(board(12).sets):
            value = cell(by_id[row["id"]], column).value
            if column.number:
                assert (same[column.key] is None) == (value is None) == (row[column.key] == "")
                assert value is None or same[column.key] == pytest.approx(value, abs=5.1e-4)
                assert value is None or float(row[column.key]) == same[column.key]
    assert not any(str(value).lstrip().startswith(("=", "+", "@")) for row in rows for value in row.values())


def test_tables_for_papers_are_escaped_as_ours_are(hostile: Path, opened: Any) -> None:
    from emt_tasks.escaping import latex, markdown, plain

    page = opened(hostile)
    shown_markdown, shown_latex = downloaded(page, "markdown"), downloaded(page, "latex")
    for entry in board(12, hostile=True).entries:
        name = plain(entry.model.name).strip()
        assert markdown(name, begins=False) in shown_markdown
        assert latex(name) in shown_latex


def test_hostile_text_is_only_text(hostile: Path, opened: Any) -> None:
    for file in ("index.html", "index.zh.html"):
        page = opened(hostile, ADDRESS + MORE, file, 320)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        for control in page.locator("#map-entry option, #of-entry option").all()[:4]:
            control.evaluate("(one) => { one.selected = true; one.parentElement.dispatchEvent(new Event('change')); }")
        assert only_itself(page), page.told
        assert page.locator("script").count() == 2
        assert page.locator("iframe, object, embed, base, form[action], [href^='javascript:' i]").count() == 0
        assert not [name for name in page.evaluate(ATTRIBUTES) if name.lower().startswith("on")]
        links = page.evaluate("[...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href'))")
        ours = ("#", "https://", "data.", "figures/", "entries/", "index.")
        assert [one for one in links if not one.startswith(ours)] == []
        assert not set(UNSEEN) & set(page.evaluate("document.body.textContent"))
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        assert "<script>" in page.locator("#board").inner_text()


@pytest.mark.parametrize("entries", [0, 1, 500])
def test_no_entry_one_and_very_many_are_shown(entries: int, opened: Any, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(render(board(entries)).html, encoding="utf8")
    page = opened(tmp_path)
    assert page.locator("#group-ranked tr[id], #group-unranked tr[id]").count() == entries
    assert f"{entries} of {entries}" in page.locator("#shown").inner_text()
    assert only_itself(page), page.told

/* The table: sort, filter, search, columns, readings. */
const table = by("board");
const heads = all("thead th", table);
const keys = heads.map((head) => head.dataset.key);
const lines = all("tbody tr[id]", table).map((row, place) => ({ row, place, cells: [...row.cells], body: row.parentElement }));

const textOf = (line, key) => line.cells[keys.indexOf(key)].textContent;
const numberOf = (text) => (text === "" ? NaN : parseFloat(text.replace("\u2212", "-")));

function sortedBy(key, descending) {
  const number = heads[keys.indexOf(key)].classList.contains("number");
  const value = (line) => (number ? numberOf(textOf(line, key)) : textOf(line, key));
  const absent = (line) => (number ? Number.isNaN(value(line)) : value(line) === "");
  const order = (a, b) => (number ? value(a) - value(b) : value(a).localeCompare(value(b))) * (descending ? -1 : 1);
  return [...lines].sort((a, b) => absent(a) - absent(b) || (absent(a) ? 0 : order(a, b)) || a.place - b.place);
}

function showSorted() {
  const [, key, way] = /^(.*)\.(asc|desc)$/.exec(state.get("sort")) ?? [];
  for (const head of heads) head.removeAttribute("aria-sort");
  const known = keys.includes(key);
  if (known) heads[keys.indexOf(key)].setAttribute("aria-sort", way === "desc" ? "descending" : "ascending");
  for (const line of known ? sortedBy(key, way === "desc") : lines) if (!line.body.classList.contains("pinned")) line.body.append(line.row);
}

function fits(line) {
  const words = state.get("q").toLowerCase().split(/\s+/).filter(Boolean);
  const text = ["model", "org", "encoder", "llm", "tuning"].map((key) => textOf(line, key)).join(" ").toLowerCase();
  return (!state.get("tuning") || (textOf(line, "tuning").split(",")[0] || "none") === state.get("tuning"))
    && (!state.get("tier") || textOf(line, "tier") === state.get("tier"))
    && (!state.get("encoder") || textOf(line, "encoder") === state.get("encoder"))
    && words.every((word) => text.includes(word));
}

const ranked = () => lines.filter((line) => !line.body.classList.contains("pinned"));
const shownLines = () => [...table.querySelectorAll("tbody tr[id]")].filter((row) => !row.hidden).map((row) => lines.find((line) => line.row === row));

function showFiltered() {
  for (const line of ranked()) line.row.hidden = !fits(line);
  const left = ranked().filter((line) => !line.row.hidden).length;
  by("shown").textContent = fill(told.words.table.shown, { shown: left, of: ranked().length });
}

const presets = { ...told.presets, all: keys };
const shownKeys = () => own(presets, state.get("cols")) ?? ["tie", "model", ...state.get("cols").split(",")];

function showColumns() {
  const shown = new Set(shownKeys());
  const unseen = keys.flatMap((key, at) => (shown.has(key) ? [] : [`:nth-child(${at + 1})`]));
  by("unseen-columns").textContent = unseen.length ? `#board tr:is([id], .heads) > :is(${unseen.join(", ")}) { display: none; }` : "";
  for (const button of all("[data-preset]")) button.setAttribute("aria-pressed", button.dataset.preset === state.get("cols"));
  for (const box of all('[name="column"]')) box.checked = shown.has(box.value);
}

function showReading() {
  const read = own(told.readings, state.get("reading")), blank = Object.fromEntries(told.read.map((key) => [key, ""]));
  for (const { row, cells } of lines) {
    const changed = read ? own(read, row.id.slice(2)) ?? blank : {};
    cells.forEach((cell, at) => {
      if (keys[at] === "model") return;
      if (cell.first === undefined) cell.first = [...cell.childNodes];
      if (!(keys[at] in changed)) return void cell.replaceChildren(...cell.first);
      if (!changed[keys[at]]) return void cell.replaceChildren();
      const [main, ...interval] = changed[keys[at]].split(" [");
      cell.replaceChildren(main, ...interval.map((text) => made("i", {}, ` [${text}`)));
    });
    for (const cell of cells.filter((one) => one.style.length)) placed(cell);
  }
  showDifferences();
  showSorted();
}

/* Beside each accuracy its difference to the own encoder, from the column that has it. */
function showDifferences() {
  for (const line of lines) {
    keys.forEach((key, at) => {
      const gap = keys.indexOf(`${key}_gap`);
      if (gap < 0) return;
      const known = state.get("reading") === "label_match" && line.cells[gap].firstChild;
      if (known) line.cells[at].dataset.less = known.textContent;
      else delete line.cells[at].dataset.less;
    });
  }
}

/* Where a whisker's mark and bar are, from the text of its cell. */
function placed(cell) {
  const numbers = cell.textContent.match(/[\d.]+/g) ?? [];
  ["v", "l", "h"].forEach((name, at) => cell.style.setProperty(`--${name}`, numbers[at] ?? -9));
}

function beginTable() {
  heads.forEach((head) => {
    const button = made("button", { type: "button" }, ...head.childNodes);
    head.replaceChildren(button);
    const ways = (head.classList.contains("number") ? ["desc", "asc"] : ["asc", "desc"]).map((way) => `${head.dataset.key}.${way}`);
    button.addEventListener("click", () => state.set({ sort: [...ways, ""][ways.indexOf(state.get("sort")) + 1] }));
  });
  state.control({ cols: "paper" }, showColumns);
  bound("reading", "reading", showReading, "label_match");
  state.control({ sort: "" }, showSorted);
  for (const name of ["q", "tuning", "encoder", "tier"]) bound(name, name, showFiltered);
  bound("intervals", "intervals");
  for (const button of all("[data-preset]")) button.addEventListener("click", () => state.set({ cols: button.dataset.preset }));
  for (const box of all('[name="column"]')) {
    box.addEventListener("change", () => {
      const chosen = all('[name="column"]').filter((one) => one.checked && !one.disabled).map((one) => one.value);
      state.set({ cols: chosen.join(",") });
    });
  }
}

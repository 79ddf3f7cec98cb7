/* Answers one at a time, with a strip of all that fit. */
const answers = by("answers");
const cards = answers ? all("#answers > li") : [];
const idOf = (card) => card.id.slice(2);
for (const card of cards) {
  [card.dataset.entry, card.dataset.set] = idOf(card).split(":");
  card.dataset.label = card.querySelector(".gold b").textContent;
  card.dataset.outcome = card.querySelector(".reads li").className;
}

function cellFits(card) {
  const cell = state.get("cell");
  if (!cell) return true;
  const labels = told.sets[card.dataset.set]?.labels;
  if (!labels) return false;
  const [row, column] = cell.split(".").map(Number), answersOfSet = [...labels, ...told.bins];
  return card.dataset.label === labels[row] && card.dataset.got === answersOfSet[column];
}

const fitting = () => cards.filter((card) => {
  const of = card.dataset;
  return (!state.get("of") || of.entry === state.get("of")) && (!state.get("set") || of.set === state.get("set"))
    && (!state.get("outcome") || of.outcome === state.get("outcome")) && (!state.get("differ") || "differs" in of) && cellFits(card);
});

function now(those) {
  return those.find((card) => idOf(card) === state.get("sample")) ?? those[0];
}

function showAnswers() {
  const named = cards.find((card) => idOf(card) === state.get("sample"));
  const those = fitting();
  if (named && !those.includes(named)) those.unshift(named);
  const current = now(those);
  for (const card of cards) card.classList.toggle("now", card === current);
  by("place").textContent = those.length ? fill(told.words.samples.place, { at: those.indexOf(current) + 1, of: those.length }) : "";
  by("previous").disabled = !those.length || those.indexOf(current) === 0;
  by("next").disabled = !those.length || those.indexOf(current) === those.length - 1;
  by("no-answer").hidden = those.length > 0;
  showCell();
  showStrip(those, current);
}

function showCell() {
  const note = by("of-cell"), labels = own(told.sets, state.get("set"))?.labels;
  note.hidden = !state.get("cell") || !labels;
  if (note.hidden) return;
  const [row, column] = state.get("cell").split(".").map(Number), every = [...labels, ...told.bins];
  note.firstElementChild.textContent = fill(told.words.samples.cell, { label: labels[row] ?? "?", answer: shownAnswer(every, column) ?? "?" });
}

function showStrip(those, current) {
  const strip = by("strip");
  const kept = strip.those?.length === those.length && strip.those.every((card, at) => card === those[at]);
  if (!kept) {
    strip.those = those;
    strip.replaceChildren(...those.map((card) => {
      const tile = card.querySelector(".tile")?.cloneNode(), label = card.dataset.label;
      tile?.removeAttribute("role");
      tile?.removeAttribute("aria-label");
      const button = made("button", { type: "button", "aria-label": `${label} → ${card.dataset.got}` }, tile ?? label.slice(0, 12));
      button.addEventListener("click", () => state.set({ sample: idOf(card) }));
      return made("li", {}, button);
    }));
  }
  [...strip.children].forEach((item, at) => {
    const button = item.firstChild, here = those[at] === current;
    if (here) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    button.tabIndex = here ? 0 : -1; // one stop for the whole strip; keys step within it
  });
}

function step(way) {
  const those = by("strip").those ?? [], at = those.indexOf(now(those)) + way;
  if (!(at in those)) return;
  state.set({ sample: idOf(those[at]) }, { replace: true });
  if (by("strip").contains(document.activeElement)) by("strip").children[at].firstChild.focus();
}

function beginAnswers() {
  if (!cards.length) return;
  answers.classList.add("one");
  by("viewer").append(made("ul", { id: "strip", class: "strip" }));
  answers.after(by("strip"));
  for (const card of cards) {
    const link = made("a", { href: `#samples?sample=${encodeURIComponent(idOf(card))}` }, told.words.samples.link);
    card.lastElementChild.append(made("p", { class: "linked" }, link));
  }
  const show = showAnswers;
  state.control({ sample: "", cell: "" }, show);
  for (const [id, name] of [["of-entry", "of"], ["of-set", "set"], ["of-outcome", "outcome"], ["differ", "differ"]]) bound(id, name, show);
  for (const id of ["of-entry", "of-set", "of-outcome", "differ"]) by(id).addEventListener("change", () => state.set({ sample: "", cell: "" }, { replace: true }));
  by("of-cell").querySelector("button").addEventListener("click", () => state.set({ cell: "", of: "", set: "", sample: "" }));
  by("previous").addEventListener("click", () => step(-1));
  by("next").addEventListener("click", () => step(1));
  by("samples").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    const way = { ArrowRight: 1, j: 1, ArrowLeft: -1, k: -1 }[event.key];
    if (way) {
      event.preventDefault();
      step(way);
    }
  });
  by("show-differ")?.addEventListener("click", () => {
    state.set({ differ: "1", of: "", set: "", outcome: "", cell: "", sample: "" }, { place: "samples" });
    state.go();
  });
}

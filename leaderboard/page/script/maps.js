/* Confusions: one entry and set at a time, cells that open their answers. */
const MOST_NAMED = 15; // labels of a map whose cells are written out

function beginMaps() {
  const maps = all(".map"), entry = by("map-entry"), set = by("map-set");
  if (!entry) return;
  for (const map of maps) for (const row of all("[data-cell]", map)) opening(row.cells[1], map, row.dataset.cell, row.cells[0].textContent, row.cells[1].textContent);
  state.control({ map: "" }, () => {
    const wanted = maps.find((one) => nameOf(one) === state.get("map")) ?? maps.find((one) => one.dataset.entry === state.get("map").split(":")[0]) ?? maps[0];
    entry.value = wanted.dataset.entry;
    for (const option of set.options) option.disabled = !maps.some((one) => nameOf(one) === `${entry.value}:${option.value}`);
    set.value = wanted.dataset.set;
    for (const one of maps) one.hidden = !(one.open = one === wanted);
    written(wanted);
  });
  const choose = () => state.set({ map: `${entry.value}:${set.value}` });
  entry.addEventListener("change", choose);
  set.addEventListener("change", choose);
}

const nameOf = (map) => `${map.dataset.entry}:${map.dataset.set}`;
const answersOf = (key) => [...told.sets[key].labels, ...told.bins];
const shownAnswer = (answers, at) => told.words.confusions.bins[at >= answers.length - told.bins.length ? answers[at] : ""] ?? answers[at];

function opening(cell, map, place, label, answer) {
  const says = fill(told.words.confusions.open, { label, answer });
  const button = made("button", { type: "button", "aria-label": `${cell.textContent}: ${says}` }, ...cell.childNodes);
  cell.replaceChildren(button);
  button.addEventListener("click", () => openCell(map, place));
}

function openCell(map, place) {
  state.set({ of: map.dataset.entry, set: map.dataset.set, cell: place, outcome: "", differ: "", sample: "" }, { place: "samples" });
  state.go();
}

function countsOf(map) {
  const flat = told.maps[nameOf(map)] ?? [], counts = new Map();
  for (let at = 0; at < flat.length; at += 3) counts.set(`${flat[at]}.${flat[at + 1]}`, flat[at + 2]);
  return counts;
}

/* A small map as a table of numbers, a large one as a picture that can be pointed at. */
function written(map) {
  if (map.dataset.done) return;
  map.dataset.done = "1";
  const labels = told.sets[map.dataset.set].labels;
  if (labels.length <= MOST_NAMED) map.querySelector(".plot").prepend(cellTable(map, labels));
  else pointed(map, labels);
}

function cellTable(map, labels) {
  const counts = countsOf(map), answers = answersOf(map.dataset.set), names = answers.map((_, at) => shownAnswer(answers, at));
  const body = labels.map((label, row) => {
    const sum = answers.reduce((total, _, column) => total + (counts.get(`${row}.${column}`) ?? 0), 0);
    const cells = answers.map((_, column) => {
      const count = counts.get(`${row}.${column}`), cell = made("td", row === column ? { class: "right" } : {}, count ? String(count) : "");
      if (count) {
        cell.style.setProperty("--s", `${Math.round(55 * Math.sqrt(count / sum))}%`);
        opening(cell, map, `${row}.${column}`, label, names[column]);
      }
      return cell;
    });
    return made("tr", {}, made("th", { scope: "row" }, label), ...cells);
  });
  const head = made("tr", {}, made("td"), ...names.map((name) => made("th", { scope: "col" }, name)));
  map.querySelector(".pixels").hidden = true;
  const caption = made("caption", { class: "unseen" }, map.querySelector("summary").textContent);
  return made("div", { class: "wide", role: "region", tabindex: "0", "aria-label": caption.textContent }, made("table", { class: "cells" }, caption, made("thead", {}, head), made("tbody", {}, ...body)));
}

function pointed(map, labels) {
  const image = map.querySelector(".pixels"), counts = countsOf(map), answers = answersOf(map.dataset.set);
  const says = made("p", { class: "note hovered" }, told.words.confusions.hover);
  image.after(says);
  const at = (event) => {
    const box = image.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / box.width * answers.length), row = Math.floor((event.clientY - box.top) / box.height * labels.length);
    return row in labels && column in answers ? [row, column] : null;
  };
  image.addEventListener("mousemove", (event) => {
    const cell = at(event);
    if (!cell) return;
    const count = counts.get(cell.join(".")) ?? (told.whole.includes(nameOf(map)) ? 0 : `≤ ${Math.min(...counts.values())}`);
    says.textContent = `${fill(told.words.samples.cell, { label: labels[cell[0]], answer: shownAnswer(answers, cell[1]) })}: ${count}`;
  });
  image.addEventListener("click", (event) => at(event) && openCell(map, at(event).join(".")));
}

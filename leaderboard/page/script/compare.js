/* Two entries on the same rows. */
const signed = (share) => {
  const text = (100 * share).toFixed(1);
  return Number(text) === 0 ? "0.0" : Number(text) > 0 ? `+${text}` : text.replace("-", "\u2212");
};
const listed = (names) => new Intl.ListFormat(document.documentElement.lang).format(names);
const pText = (p) => (p < 0.001 ? "< 0.001" : p.toFixed(3));

function compared(a, b) {
  const left = told.bits[a], right = told.bits[b];
  const shared = Object.keys(told.sets).filter((key) => left[key] && right[key]);
  const tables = shared.map((key) => paired(left[key], right[key], told.sets[key].n));
  const ps = tables.map((t) => mcnemar(t.onlyA, t.onlyB)), corrected = holm(ps);
  return shared.map((key, at) => ({ key, table: tables[at], difference: newcombe(tables[at]), p: ps[at], holm: corrected[at] }));
}

function comparisonTable(rows, a, b) {
  const c = told.words.compare, number = { class: "n" };
  const heads = [c.set, c.n, c.share_a, c.share_b, c.only_a, "", c.only_b, c.difference, c.p, c.p_holm];
  const body = rows.map(({ key, table: t, difference: [value, low, high], p, holm: corrected }) => {
    const n = told.sets[key].n, share = (right) => `${(100 * right / n).toFixed(1)} %`;
    const balance = made("span", { class: "balance", "aria-hidden": "true" }, made("i"), made("i"));
    balance.firstChild.style.width = `${100 * t.onlyA / n}%`;
    balance.lastChild.style.width = `${100 * t.onlyB / n}%`;
    const cells = [String(n), share(t.both + t.onlyA), share(t.both + t.onlyB), String(t.onlyA), balance, String(t.onlyB)];
    const between = made("small", {}, ` [${signed(low)}, ${signed(high)}]`);
    return made("tr", {}, made("th", { scope: "row" }, told.sets[key].shown), ...cells.map((cell) => made("td", number, cell)),
      made("td", number, signed(value), between), made("td", number, pText(p)), made("td", number, pText(corrected)));
  });
  if (rows.length > 1) {
    const [value, low, high] = newcombeMean(rows.map((row) => row.table));
    body.push(made("tr", {}, made("th", { scope: "row", colspan: "7" }, c.mean), made("td", number, made("b", {}, signed(value)), made("small", {}, ` [${signed(low)}, ${signed(high)}]`)), made("td"), made("td")));
  }
  const head = heads.map((text, at) => (text ? made("th", { scope: "col", ...(at ? { class: "number" } : {}) }, text) : made("td")));
  const caption = fill(c.caption, { a: told.names[a], b: told.names[b] });
  const inner = made("table", {}, made("caption", {}, caption), made("thead", {}, made("tr", {}, ...head)), made("tbody", {}, ...body));
  return made("div", { class: "wide", role: "region", tabindex: "0", "aria-label": caption }, inner);
}

/* What is found on single sets, and about their mean, whose interval is no Holm-corrected p. */
function verdict(rows) {
  const c = told.words.compare, sets = (way) => rows.filter((row) => row.holm <= 0.05 && way * row.difference[0] > 0).map((row) => told.sets[row.key].shown);
  const better = sets(1), worse = sets(-1);
  const single = [better.length && fill(c.shown_better, { sets: listed(better) }), worse.length && fill(c.shown_worse, { sets: listed(worse) })].filter(Boolean).join(" ") || c.shown_nothing;
  if (rows.length < 2) return single;
  const [difference, low, high] = newcombeMean(rows.map((row) => row.table));
  return `${single} ${fill(low <= 0 && high >= 0 ? c.mean_open : c.mean_shown, { difference: signed(difference), low: signed(low), high: signed(high) })}`;
}

function beginCompare() {
  const a = by("a"), b = by("b");
  const show = () => {
    const place = by("comparison"), c = told.words.compare, ofA = state.get("a"), ofB = state.get("b");
    const say = (text) => place.replaceChildren(made("p", { class: "none-yet" }, text));
    if (!own(told.bits, ofA) || !own(told.bits, ofB)) return say(c.pick);
    if (ofA === ofB) return say(c.same);
    const rows = compared(ofA, ofB);
    if (!rows.length) return say(c.nothing);
    return place.replaceChildren(made("p", { class: "verdict" }, verdict(rows)), comparisonTable(rows, ofA, ofB));
  };
  const [first, second] = [...a.options].slice(1).map((option) => option.value);
  bound("a", "a", show, second && first);
  bound("b", "b", show, second);
  by("swap").addEventListener("click", () => state.set({ a: b.value, b: a.value }));
}

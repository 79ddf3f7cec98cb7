/* The rows that are shown, as files. */
const clean = (text) => text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/g, " ");
const guarded = (text) => (/^\s*[=+\-@]/.test(text) ? `'${text}` : text);
const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
const inMarkdown = (text) => text.replace(/([\\`*_{}[\]<>#|~$&@]|:(?=\/\/)|(?<=www)\.)/g, "\\$1");
const LATEX = {
  "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", $: "\\$", "&": "\\&", "#": "\\#", "%": "\\%", _: "\\_", "^": "\\textasciicircum{}",
  "~": "\\textasciitilde{}", "<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}", '"': "\\symbol{34}", "`": "\\textasciigrave{}",
  "'": "\\textquotesingle{}", "-": "{-}", "[": "{[}", "]": "{]}", "\u2212": "$-$",
};
const inLatex = (text) => text.replace(/[\\{}$&#%_^~<>|"`'\-[\]\u2212]/g, (character) => LATEX[character]);

/* A cell as data, as data.csv has it: models by their own names, numbers as fractions to the precision that is shown. */
function dataOf(line, key, number) {
  const text = clean(line.cells[keys.indexOf(key)].dataset.text ?? textOf(line, key));
  if (!number || key === "tie" || key === "n") return { [key]: number ? numberOrNull(text) : text };
  if (key === "ranks") return { ranks: numberOrNull(text), ranks_low: numberOrNull(text), ranks_high: numberOrNull(text.split("-").pop()) };
  const parts = text.replace(/\u2212/g, "-").match(/-?[\d.]+/g) ?? [];
  const [value, low, high] = [0, 1, 2].map((at) => (at in parts ? Number((parts[at] / 100).toFixed(6)) : null));
  return told.intervals.includes(key) ? { [key]: value, [`${key}_low`]: low, [`${key}_high`]: high } : { [key]: value };
}

const numberOrNull = (text) => (text === "" ? null : parseFloat(text));

function dataRows() {
  return shownLines().map((line) => {
    const cells = keys.map((key, at) => dataOf(line, key, heads[at].classList.contains("number")));
    return Object.assign({}, ...cells, { kind: line.row.dataset.kind ?? "model", id: line.row.id.slice(2) });
  });
}

function shownTexts() {
  const chosen = new Set(shownKeys()), shown = keys.filter((key) => chosen.has(key));
  return [shown.map((key) => heads[keys.indexOf(key)].textContent), ...shownLines().map((line) => shown.map((key) => clean(textOf(line, key)).trim()))];
}

const forms = {
  csv: ["csv", "text/csv", () => {
    const rows = dataRows(), names = rows.length ? Object.keys(rows[0]) : [...keys, "kind", "id"];
    const cell = (value) => (value === null ? "" : typeof value === "number" ? String(value) : quoted(guarded(value)));
    return [names, ...rows.map((row) => names.map((name) => cell(row[name])))].map((row) => `${row.join(",")}\n`).join("");
  }],
  json: ["json", "application/json", () => `${JSON.stringify({ title: told.title, version: told.version, data: told.hash, reading: state.get("reading"), rows: dataRows() }, null, 1)}\n`],
  markdown: ["md", "text/markdown", () => {
    const [names, ...rows] = shownTexts();
    return [names, names.map(() => "---"), ...rows].map((row, at) => `| ${row.map((text) => (at === 1 ? text : inMarkdown(text))).join(" | ")} |\n`).join("");
  }],
  latex: ["tex", "application/x-tex", () => {
    const [names, ...rows] = shownTexts(), numbers = names.map((name) => (heads.find((head) => head.textContent === name).classList.contains("number") ? "r" : "l"));
    const line = (row) => `${row.map(inLatex).join(" & ")} \\\\\n`;
    return `% \\usepackage{booktabs}\n\\begin{tabular}{${numbers.join("")}}\n\\toprule\n${line(names)}\\midrule\n${rows.map(line).join("")}\\bottomrule\n\\end{tabular}\n`;
  }],
  bibtex: ["bib", "application/x-bibtex", () => `${by("bibtex").textContent}\n`],
};

function beginDownloads() {
  for (const button of all("[data-download]")) {
    button.addEventListener("click", () => {
      const [ending, type, text] = forms[button.dataset.download];
      const address = URL.createObjectURL(new Blob([text()], { type: `${type};charset=utf-8` }));
      made("a", { href: address, download: `emt-bench.${ending}` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 1000);
    });
  }
}

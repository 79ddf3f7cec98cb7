for (const element of all(".needs-script")) element.hidden = false;
for (const form of all("form")) form.addEventListener("submit", (event) => event.preventDefault());
for (const begin of [beginLinks, beginTable, beginDownloads, beginSwitches, beginMatrix, beginMaps, beginAnswers, beginCompare]) begin();
addEventListener("hashchange", () => state.read());
state.read();

/* The forgetting matrix: one method and epoch at a time. */
function beginMatrix() {
  const matrices = all(".matrix"), method = by("method"), slider = by("epoch");
  if (!method) return;
  const of = (kind) => matrices.filter((one) => one.dataset.method === kind);
  const said = (epoch) => (epoch === "" ? told.words.matrix.last : fill(told.words.matrix.epoch, { epoch }));
  state.control({ method: "", epoch: "" }, () => {
    const kind = of(state.get("method")).length ? state.get("method") : method.options[0].value;
    const those = of(kind), found = those.findIndex((one) => one.dataset.epoch === state.get("epoch"));
    const now = those[found < 0 ? those.length - 1 : found];
    method.value = kind;
    slider.max = those.length - 1;
    slider.value = those.indexOf(now);
    slider.disabled = those.length < 2;
    slider.setAttribute("aria-valuetext", said(now.dataset.epoch));
    by("epoch-said").textContent = said(now.dataset.epoch);
    for (const one of matrices) one.hidden = one !== now;
  });
  method.addEventListener("change", () => state.set({ method: method.value }));
  slider.addEventListener("input", () => state.set({ epoch: of(method.value)[slider.value].dataset.epoch }, { replace: true }));
}

/* Theme, language, where one is on the page, and how roses are drawn. */
function beginSwitches() {
  bound("theme", "theme", () => {
    const theme = state.get("theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  }, "auto");
  by("language").classList.add("keeps");
  state.control({ drawn: "rose" }, () => {
    const roses = by("roses"), drawn = state.get("drawn") === "dot" ? "dot" : "rose";
    roses.dataset.drawn = drawn;
    for (const button of all("button[data-drawn]")) button.setAttribute("aria-pressed", button.dataset.drawn === drawn);
  });
  for (const button of all("button[data-drawn]")) button.addEventListener("click", () => state.set({ drawn: button.dataset.drawn }));
  const links = Object.fromEntries(all(".bar nav a").map((link) => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) {
      for (const [key, link] of Object.entries(links)) key === target.id ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
    }
  }, { rootMargin: "-30% 0px -60% 0px" });
  for (const section of all("main > section")) seen.observe(section);
}

/* What is chosen, kept in the address: #SECTION?name=value. A name at its default is left out. */
const told = JSON.parse(document.getElementById("told").textContent);
const by = (id) => document.getElementById(id);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const own = (object, key) => (Object.hasOwn(object, key) ? object[key] : undefined);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));

const state = {
  place: "",
  values: {},
  defaults: {},
  listeners: [],
  /* Let `show` be called with each new value of `name`, at once on loading too; names may be several. */
  control(names, show) {
    Object.assign(this.defaults, names);
    this.listeners.push({ names: Object.keys(names), show });
  },
  get(name) {
    return this.values[name] ?? this.defaults[name];
  },
  set(changes, { replace = false, place = this.place } = {}) {
    Object.assign(this.values, changes);
    this.place = place;
    const address = this.address();
    if (address !== location.hash) history[replace ? "replaceState" : "pushState"](null, "", address || "#");
    this.shown(Object.keys(changes));
  },
  address() {
    const said = new URLSearchParams();
    for (const name of Object.keys(this.defaults)) if (this.get(name) !== this.defaults[name]) said.set(name, this.get(name));
    const query = said.toString();
    return this.place || query ? `#${this.place}${query && `?${query}`}` : "";
  },
  shown(changed) {
    for (const { names, show } of this.listeners) if (names.some((name) => changed.includes(name))) show();
    for (const link of all("a.keeps")) link.setAttribute("href", link.getAttribute("href").split("#")[0] + this.address());
  },
  /* Take everything from the address. */
  read() {
    const [place, query] = location.hash.slice(1).split("?");
    this.place = safely(place);
    this.values = Object.fromEntries([...new URLSearchParams(query ?? "")].filter(([name]) => Object.hasOwn(this.defaults, name)));
    if (this.place.startsWith("s-")) {
      this.values.sample = this.place.slice(2);
      this.place = "samples";
    }
    this.shown(Object.keys(this.defaults));
    this.go();
  },
  go() {
    const target = by(this.place);
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
    if (target.tagName === "DETAILS") target.firstElementChild.focus({ preventScroll: true });
  },
};

function safely(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/* An element with text and children; text is never read as markup. */
function made(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/* Bind a select, checkbox or field to a name of the state. */
function bound(id, name, show = () => {}, initial = "") {
  const control = by(id);
  if (!control) return void state.control({ [name]: initial }, show);
  const tick = control.type === "checkbox", typed = control.type === "search";
  control.addEventListener(typed ? "input" : "change", () => state.set({ [name]: tick ? (control.checked ? "1" : "") : control.value }, { replace: typed }));
  state.control({ [name]: initial }, () => {
    if (control.options && ![...control.options].some((option) => option.value === state.get(name))) delete state.values[name];
    const value = state.get(name);
    if (tick) control.checked = value === "1";
    else if (control.value !== value) control.value = value;
    show();
  });
}

/* Links within the page move there and keep what was chosen; those that say what is chosen are followed as they are. */
function beginLinks() {
  addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    if (!link || link.hash.includes("?") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    state.set({}, { place: safely(link.hash.slice(1)) });
    state.go();
    const target = by(state.place);
    if (target && target.tagName !== "DETAILS") {
      target.tabIndex = -1;
      target.focus({ preventScroll: true });
    }
  });
}

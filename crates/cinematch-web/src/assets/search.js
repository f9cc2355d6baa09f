// Makes the search field a combobox (ARIA 1.2) with suggestions while typing: arrow keys select, Enter opens, Escape
// closes. Without this module, Enter submits the search.
const PAUSE = 120;
const field = document.getElementById("q");
let pending = 0;
let request = new AbortController();

if (field) {
  const list = document.createElement("ul");
  list.id = "suggestions";
  list.hidden = true;
  field.form.append(list);
  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" };
  for (const [name, value] of Object.entries(attributes)) field.setAttribute(name, value);
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", field.dataset.suggestions);

  field.addEventListener("input", () => {
    clearTimeout(pending);
    request.abort();
    if (field.value.trim() === "") close();
    else pending = setTimeout(suggest, PAUSE);
  });
  field.addEventListener("keydown", onKey);
  field.addEventListener("blur", () => {
    clearTimeout(pending);
    request.abort();
    setTimeout(close, 150);
  });
  field.form.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) open(option);
  });
  // Keeps the focus in the field while a suggestion is pressed.
  field.form.addEventListener("pointerdown", (event) => {
    if (event.target.closest("[role=option]")) event.preventDefault();
  });
}

const options = () => [...document.querySelectorAll("#suggestions [role=option]")];
const chosen = () => document.querySelector("#suggestions [aria-selected=true]");

async function suggest() {
  request = new AbortController();
  try {
    const words = new URLSearchParams({ q: field.value });
    const reply = await fetch(`/search?${words}`, { headers: { "X-Fragment": "1" }, signal: request.signal });
    if (!reply.ok) return close();
    const fresh = new DOMParser().parseFromString(await reply.text(), "text/html").body.firstElementChild;
    document.getElementById("suggestions").replaceWith(fresh);
    const found = options().length;
    fresh.hidden = found === 0;
    field.setAttribute("aria-expanded", String(found > 0));
    choose(null);
  } catch (error) {
    if (error.name !== "AbortError") close();
  }
}

function onKey(event) {
  const all = options();
  const at = all.indexOf(chosen());
  if (event.key === "Escape" && isOpen()) {
    event.preventDefault();
    close();
  } else if (event.key === "ArrowDown" && !isOpen() && field.value.trim() !== "") {
    event.preventDefault();
    suggest();
  } else if (event.key === "ArrowDown" && isOpen()) {
    event.preventDefault();
    choose(all[(at + 1) % all.length]);
  } else if (event.key === "ArrowUp" && isOpen()) {
    event.preventDefault();
    choose(all[(at <= 0 ? all.length : at) - 1]);
  } else if (event.key === "Enter" && isOpen() && chosen()) {
    event.preventDefault();
    open(chosen());
  }
}

function isOpen() {
  return field.getAttribute("aria-expanded") === "true";
}

function choose(option) {
  for (const other of options()) other.setAttribute("aria-selected", String(other === option));
  if (option) field.setAttribute("aria-activedescendant", option.id);
  else field.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

function close() {
  clearTimeout(pending);
  const list = document.getElementById("suggestions");
  list.hidden = true;
  field.setAttribute("aria-expanded", "false");
  choose(null);
}

function open(option) {
  location.assign(option.dataset.href);
}

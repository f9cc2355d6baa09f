// Turns the search field into a combobox (ARIA 1.2) that suggests films while typing: arrow keys select, Enter opens,
// Escape closes. Without this module, Enter submits the search.
const DELAY_MS = 120;
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
    else pending = setTimeout(suggest, DELAY_MS);
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
  // Keep the focus in the field while a suggestion is being clicked.
  field.form.addEventListener("pointerdown", (event) => {
    if (event.target.closest("[role=option]")) event.preventDefault();
  });
}

const options = () => [...document.querySelectorAll("#suggestions [role=option]")];
const selected = () => document.querySelector("#suggestions [aria-selected=true]");

async function suggest() {
  request = new AbortController();
  try {
    const params = new URLSearchParams({ q: field.value });
    const reply = await fetch(`/search?${params}`, { headers: { "X-Fragment": "1" }, signal: request.signal });
    if (!reply.ok) return close();
    const list = new DOMParser().parseFromString(await reply.text(), "text/html").body.firstElementChild;
    document.getElementById("suggestions").replaceWith(list);
    const count = options().length;
    list.hidden = count === 0;
    field.setAttribute("aria-expanded", String(count > 0));
    select(null);
  } catch (error) {
    if (error.name !== "AbortError") close();
  }
}

function onKey(event) {
  const all = options();
  const index = all.indexOf(selected());
  if (event.key === "Escape" && isOpen()) {
    event.preventDefault();
    close();
  } else if (event.key === "ArrowDown" && !isOpen() && field.value.trim() !== "") {
    event.preventDefault();
    suggest();
  } else if (event.key === "ArrowDown" && isOpen()) {
    event.preventDefault();
    select(all[(index + 1) % all.length]);
  } else if (event.key === "ArrowUp" && isOpen()) {
    event.preventDefault();
    select(all[(index <= 0 ? all.length : index) - 1]);
  } else if (event.key === "Enter" && isOpen() && selected()) {
    event.preventDefault();
    open(selected());
  }
}

function isOpen() {
  return field.getAttribute("aria-expanded") === "true";
}

function select(option) {
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
  select(null);
}

function open(option) {
  location.assign(option.dataset.href);
}

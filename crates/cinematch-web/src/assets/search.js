// Turns search fields into comboboxes (ARIA 1.2) that suggest films while typing: arrow keys select, Enter chooses, Escape
// closes. A chosen film opens, or is sent with the form named in the field's `data-sends`. Without this module, Enter
// submits the search.
const DELAY_MS = 120;

for (const field of document.querySelectorAll("input[data-suggestions]")) makeCombobox(field);

function makeCombobox(field) {
  let pending = 0;
  let request = new AbortController();
  let list = document.createElement("ul");
  list.className = "suggestions";
  list.id = `${field.id}-suggestions`;
  list.hidden = true;
  field.form.append(list);
  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" };
  for (const [name, value] of Object.entries(attributes)) field.setAttribute(name, value);
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", field.dataset.suggestions);

  field.addEventListener("input", () => {
    cancel();
    if (field.value.trim() === "") close();
    else pending = setTimeout(suggest, DELAY_MS);
  });
  field.addEventListener("keydown", onKey);
  field.addEventListener("blur", () => {
    cancel();
    setTimeout(close, 150);
  });
  field.form.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
  // Keep the focus in the field while a suggestion is being clicked.
  field.form.addEventListener("pointerdown", (event) => {
    if (event.target.closest("[role=option]")) event.preventDefault();
  });

  const options = () => [...list.children];
  const selected = () => list.querySelector("[aria-selected=true]");
  const isOpen = () => field.getAttribute("aria-expanded") === "true";

  function cancel() {
    clearTimeout(pending);
    request.abort();
  }

  async function suggest() {
    request = new AbortController();
    try {
      const params = new URLSearchParams({ q: field.value });
      const reply = await fetch(`/search?${params}`, { headers: { "X-Fragment": "1" }, signal: request.signal });
      if (!reply.ok) return close();
      const found = new DOMParser().parseFromString(await reply.text(), "text/html").body.firstElementChild;
      found.id = list.id;
      [...found.children].forEach((option, index) => (option.id = `${found.id}-${index}`));
      list.replaceWith(found);
      list = found;
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
      choose(selected());
    }
  }

  function select(option) {
    for (const other of options()) other.setAttribute("aria-selected", String(other === option));
    if (option) field.setAttribute("aria-activedescendant", option.id);
    else field.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  function close() {
    clearTimeout(pending);
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    select(null);
  }

  function choose(option) {
    const form = document.getElementById(field.dataset.sends);
    if (!form) {
      location.assign(option.dataset.href);
      return;
    }
    form.elements.film.value = option.dataset.film;
    form.requestSubmit();
    field.value = "";
    close();
  }
}

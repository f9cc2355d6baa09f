// Sends forms marked `data-live` without leaving the page. The answer's elements replace those with the same
// ids; without this module the same forms lead to the next page, which shows the same.
import "./browse.js";
import "./import.js";
import "./jobs.js";
import "./search.js";

let last = Promise.resolve();
let sending = [];

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-live]")) return;
  event.preventDefault();
  const button = event.submitter;
  // A second press of the same button is the same wish; another button's waits for its turn.
  if (sending.includes(button ?? form)) return;
  sending.push(button ?? form);
  const data = new FormData(form, button);
  last = last.then(() => answer(form, button, data));
});

// The second press of a double click may find another film under the pointer.
document.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest("form[data-live] button")) event.preventDefault();
}, true);

// Undoing without a walk to its button, where nothing is being typed.
document.addEventListener("keydown", (event) => {
  const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z";
  if (!isUndo || event.target.matches("input, textarea, select")) return;
  const undo = document.querySelector("#note form");
  if (undo) {
    event.preventDefault();
    undo.requestSubmit();
  }
});

async function answer(form, button, data) {
  button?.setAttribute("aria-disabled", "true");
  try {
    show(await send(form, button, data));
  } catch (error) {
    say(error.message);
  } finally {
    sending = sending.filter((it) => it !== (button ?? form));
    button?.removeAttribute("aria-disabled");
  }
}

/** Sends a form as its button would; gives the answer's HTML. */
async function send(form, button, data) {
  const isFiles = form.enctype === "multipart/form-data";
  const isGet = form.method === "get";
  const words = new URLSearchParams(isFiles ? [] : data);
  const address = button?.hasAttribute("formaction") ? button.formAction : form.action;
  const reply = await fetch(isGet ? `${address}?${words}` : address, {
    method: form.method,
    body: isGet ? undefined : isFiles ? data : words,
    headers: { "X-Fragment": "1", "X-Profile": document.documentElement.dataset.profile ?? "", Accept: "text/html" },
  }).catch(() => {
    throw new Error("The server cannot be reached. Nothing was changed.");
  });
  if (reply.redirected) {
    location.assign(reply.url);
    return "";
  }
  const text = await reply.text();
  if (reply.ok) {
    if (form.hasAttribute("data-theme-switch")) wear(form, button.value);
    return text;
  }
  const problem = reply.headers.get("content-type")?.includes("json") && JSON.parse(text);
  throw new Error(problem?.detail ?? `That did not work (${reply.status}).`);
}

/** Puts an answer's elements in the places of those with the same ids, and keeps the focus where it was. */
export function show(html) {
  const answer = new DOMParser().parseFromString(html, "text/html").body;
  const parts = [...answer.children];
  const wasIn = document.activeElement.closest("[role=status]");
  for (const fresh of parts) {
    const old = document.getElementById(fresh.id);
    if (!old) continue;
    if (old.getAttribute("role") === "status") {
      // A live region stays, so that what is new in it is told.
      old.replaceChildren(...fresh.childNodes);
      continue;
    }
    if (fresh.dataset.address) history.replaceState(null, "", fresh.dataset.address);
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    old.replaceWith(fresh);
    if (focused) again(fresh, focused)?.focus({ preventScroll: true });
  }
  // Undo is gone with what it undid: on with what came back, or with the page.
  if (wasIn && document.activeElement === document.body) {
    const changed = parts.find((it) => it.isConnected && !it.matches("[role=status]"));
    (changed && fallback(changed) ? fallback(changed) : document.getElementById("main")).focus({ preventScroll: true });
  }
}

/** The element of a new part that stands for one of the part before. */
function again(part, focused) {
  const { id, name, className } = focused;
  if (id) return part.querySelector(`#${CSS.escape(id)}`) ?? fallback(part);
  const alike = [...part.querySelectorAll(focused.localName)];
  // The same word said again, or else the same button, whatever it says now.
  const said = alike.find((it) => it.name === name && it.value === focused.value && it.href === focused.href);
  return said ?? alike.find((it) => it.name === name && it.className === className) ?? fallback(part);
}

function fallback(part) {
  return part.querySelector("a[href], button, input, select, summary");
}

/** Tells something in the live region. */
export function say(text) {
  const line = document.createElement("p");
  line.textContent = text;
  document.getElementById("note").replaceChildren(line);
}

/** Colours at once; the server remembers them. */
function wear(form, theme) {
  document.documentElement.dataset.theme = theme;
  for (const button of form.querySelectorAll("[aria-pressed]")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
}

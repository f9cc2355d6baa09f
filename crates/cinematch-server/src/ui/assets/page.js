// Sends forms marked `data-live` without leaving the page. The reply's elements replace those with the same ids.
// Without this module the browser sends the forms and follows the redirect.
import "./browse.js";
import "./import.js";
import "./jobs.js";
import "./search.js";

const texts = document.documentElement.dataset;
let last = Promise.resolve();
let sending = [];

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-live]")) return;
  event.preventDefault();
  const button = event.submitter;
  // Ignores a second press of the same button; presses of other buttons are sent in order.
  if (sending.includes(button ?? form)) return;
  sending.push(button ?? form);
  const data = new FormData(form, button);
  last = last.then(() => answer(form, button, data));
});

// Ignores the second press of a double click, since another movie may be under the pointer by then.
document.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest("form[data-live] button")) event.preventDefault();
}, true);

// Ctrl+Z undoes the last action, except in text fields.
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
    announce(error.message);
  } finally {
    sending = sending.filter((it) => it !== (button ?? form));
    button?.removeAttribute("aria-disabled");
  }
}

/** Sends a form as its button would. Returns the reply's HTML. */
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
    throw new Error(texts.offline);
  });
  if (reply.redirected) {
    location.assign(reply.url);
    return "";
  }
  const text = await reply.text();
  if (reply.ok) {
    if (form.hasAttribute("data-theme-switch")) setTheme(form, button.value);
    return text;
  }
  const problem = reply.headers.get("content-type")?.includes("json") && JSON.parse(text);
  throw new Error(problem?.detail ?? `${texts.failed} (${reply.status})`);
}

/** Replaces elements by the reply's elements with the same ids, and restores the focus. */
export function show(html) {
  const answer = new DOMParser().parseFromString(html, "text/html").body;
  const parts = [...answer.children];
  const wasIn = document.activeElement.closest("[role=status]");
  for (const fresh of parts) {
    const old = document.getElementById(fresh.id);
    if (!old) continue;
    if (old.getAttribute("role") === "status") {
      // Screen readers announce changes of an existing live region only, so it is not replaced.
      old.replaceChildren(...fresh.childNodes);
      continue;
    }
    if (fresh.dataset.address) history.replaceState(null, "", fresh.dataset.address);
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    old.replaceWith(fresh);
    if (focused) counterpart(fresh, focused)?.focus({ preventScroll: true });
  }
  // The Undo button is gone: moves the focus to the element that changed, or to the page.
  if (wasIn && document.activeElement === document.body) {
    const changed = parts.find((it) => it.isConnected && !it.matches("[role=status]"));
    (changed && fallback(changed) ? fallback(changed) : document.getElementById("main")).focus({ preventScroll: true });
  }
}

/** Finds the element of a new part that corresponds to the focused one of the old part. */
function counterpart(part, focused) {
  const { id, name, className } = focused;
  if (id) return part.querySelector(`#${CSS.escape(id)}`) ?? fallback(part);
  const alike = [...part.querySelectorAll(focused.localName)];
  // Prefers the element with the same value, then the same button with its new value.
  const same = alike.find((it) => it.name === name && it.value === focused.value && it.href === focused.href);
  return same ?? alike.find((it) => it.name === name && it.className === className) ?? fallback(part);
}

function fallback(part) {
  return part.querySelector("a[href], button, input, select, summary");
}

/** Announces a text in the live region. */
export function announce(text) {
  const line = document.createElement("p");
  line.textContent = text;
  document.getElementById("note").replaceChildren(line);
}

/** Applies a theme at once; the server saves it in a cookie. */
function setTheme(form, theme) {
  document.documentElement.dataset.theme = theme;
  for (const button of form.querySelectorAll("[aria-pressed]")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
}

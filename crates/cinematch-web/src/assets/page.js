// Sends forms marked `data-live` without leaving the page. Elements in the reply replace those with the same IDs.
// Without this module, the browser sends the forms and follows the redirect.
import "./browse.js";
import "./import.js";
import "./jobs.js";
import "./search.js";
import { announce, show } from "./fragment.js";

const texts = document.documentElement.dataset;
let queue = Promise.resolve();
let inFlight = [];

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-live]")) return;
  event.preventDefault();
  const button = event.submitter;
  // Ignore a second press of the same button. Presses of other buttons are sent in order.
  if (inFlight.includes(button ?? form)) return;
  inFlight.push(button ?? form);
  const data = new FormData(form, button);
  queue = queue.then(() => submitForm(form, button, data));
});

// Ignore the second click of a double click, since another movie may be under the pointer by then.
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

async function submitForm(form, button, data) {
  button?.setAttribute("aria-disabled", "true");
  try {
    show(await send(form, button, data));
  } catch (error) {
    announce(error.message);
  } finally {
    inFlight = inFlight.filter((sender) => sender !== (button ?? form));
    button?.removeAttribute("aria-disabled");
  }
}

/** Sends a form as `button` would. Returns the HTML in the reply. */
async function send(form, button, data) {
  const hasFiles = form.enctype === "multipart/form-data";
  const isGet = form.method === "get";
  const params = new URLSearchParams(hasFiles ? [] : data);
  const address = button?.hasAttribute("formaction") ? button.formAction : form.action;
  const reply = await fetch(isGet ? `${address}?${params}` : address, {
    method: form.method,
    body: isGet ? undefined : hasFiles ? data : params,
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

/** Applies a theme immediately. The server saves it in a cookie. */
function setTheme(form, theme) {
  document.documentElement.dataset.theme = theme;
  for (const button of form.querySelectorAll("[aria-pressed]")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
}

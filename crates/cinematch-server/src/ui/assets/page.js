// Sends forms marked `data-live` without leaving the page. The answer's elements replace those with the same
// ids; without this module the same forms lead to the next page, which shows the same.
import "./browse.js";
import "./import.js";
import "./jobs.js";
import "./search.js";

const busy = new WeakSet();

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-live]")) return;
  event.preventDefault();
  if (busy.has(form)) return;
  busy.add(form);
  const button = event.submitter;
  button?.setAttribute("aria-disabled", "true");
  try {
    show(await send(form, button));
  } catch (error) {
    say(error.message);
  } finally {
    busy.delete(form);
    button?.removeAttribute("aria-disabled");
  }
});

/** Sends a form as its button would; gives the answer's HTML. */
async function send(form, button) {
  const data = new FormData(form, button);
  const isFiles = form.enctype === "multipart/form-data";
  const isGet = form.method === "get";
  const words = new URLSearchParams(isFiles ? [] : data);
  const address = button?.hasAttribute("formaction") ? button.formAction : form.action;
  const reply = await fetch(isGet ? `${address}?${words}` : address, {
    method: form.method,
    body: isGet ? undefined : isFiles ? data : words,
    headers: { "X-Fragment": "1", Accept: "text/html" },
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
  for (const fresh of [...answer.children]) {
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

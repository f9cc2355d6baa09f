// Inserts HTML fragments from the server into the page, and announces messages to screen readers.

/** Replaces the page's elements with the reply's elements that have the same ids, and restores the focus. */
export function show(html) {
  const answer = new DOMParser().parseFromString(html, "text/html").body;
  const parts = [...answer.children];
  const wasIn = document.activeElement.closest("[role=status]");
  for (const fresh of parts) {
    const old = document.getElementById(fresh.id);
    if (!old) continue;
    if (old.getAttribute("role") === "status") {
      // Screen readers announce only changes to an existing live region, so the region is not replaced.
      old.replaceChildren(...fresh.childNodes);
      continue;
    }
    if (fresh.dataset.address) history.replaceState(null, "", fresh.dataset.address);
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    old.replaceWith(fresh);
    if (focused) counterpart(fresh, focused)?.focus({ preventScroll: true });
  }
  // The Undo button was removed: moves the focus to the element that changed, or to the page.
  if (wasIn && document.activeElement === document.body) {
    const changed = parts.find((it) => it.isConnected && !it.matches("[role=status]"));
    (changed && fallback(changed) ? fallback(changed) : document.getElementById("main")).focus({ preventScroll: true });
  }
}

/** Finds the element in the new part that corresponds to the focused element of the old part. */
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

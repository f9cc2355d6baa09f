// Inserts HTML fragments from the server into the page, and announces messages to screen readers.

/** Replaces elements on the page with those in the reply that have the same IDs, and restores the focus. */
export function show(html) {
  const body = new DOMParser().parseFromString(html, "text/html").body;
  const elements = [...body.children];
  const statusRegion = document.activeElement.closest("[role=status]");
  for (const element of elements) {
    const previous = document.getElementById(element.id);
    if (!previous) continue;
    if (previous.getAttribute("role") === "status") {
      // Screen readers only announce changes to an existing live region, so don't replace the region.
      previous.replaceChildren(...element.childNodes);
      continue;
    }
    const focused = previous.contains(document.activeElement) ? document.activeElement : null;
    previous.replaceWith(element);
    // A section whose whole content changed gets the focus and scrolls into view.
    if (element.hasAttribute("data-focus")) element.focus();
    else if (focused) counterpart(element, focused)?.focus({ preventScroll: true });
  }
  // The Undo button was removed, so move the focus to the element that changed, or to the main content.
  if (statusRegion && document.activeElement === document.body) {
    const changed = elements.find((candidate) => candidate.isConnected && !candidate.matches("[role=status]"));
    (changed && fallback(changed) ? fallback(changed) : document.getElementById("main")).focus({ preventScroll: true });
  }
}

/** Finds the element in `part` that corresponds to `focused`, the focused element in the part it replaced. */
function counterpart(part, focused) {
  const { id, name, className } = focused;
  if (id) return part.querySelector(`#${CSS.escape(id)}`) ?? fallback(part);
  const candidates = [...part.querySelectorAll(focused.localName)];
  // Prefer the element with the same value, then the same button with its new value.
  const named = candidates.filter((candidate) => candidate.name === name);
  const match = named.find(({ value, href }) => value === focused.value && href === focused.href);
  return match ?? named.find((candidate) => candidate.className === className) ?? fallback(part);
}

function fallback(part) {
  return part.querySelector("a[href], button, input, select, summary");
}

/** Announces `text` in the live region. */
export function announce(text) {
  const line = document.createElement("p");
  line.textContent = text;
  document.getElementById("note").replaceChildren(line);
}

// Applies a filter as soon as it changes, and updates the URL. Without this module, the form's button applies the
// filters.
import { show } from "./fragment.js";

const form = document.getElementById("filters");
let request = new AbortController();

form?.addEventListener("change", async () => {
  request.abort();
  request = new AbortController();
  const params = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
  const address = `/browse?${params}`;
  try {
    const reply = await fetch(address, { headers: { "X-Fragment": "1" }, signal: request.signal });
    if (!reply.ok) return location.assign(address);
    show(await reply.text());
    history.replaceState(null, "", address);
  } catch (error) {
    if (error.name !== "AbortError") location.assign(address);
  }
});

// Refreshes the operator's page while a job is running or a generation is loading, and announces changes. Without
// this module, the Refresh link reloads the page.
import { announce, show } from "./fragment.js";

const REFRESH_MS = 2000;
let lastText = "";
const section = () => document.getElementById("jobs");
const watchedElement = () => document.querySelector("#jobs[data-watch], #in-service[data-watch]");
const status = () => section().dataset.told;

if (section()) setTimeout(refresh, REFRESH_MS);

async function refresh() {
  if (watchedElement() && !document.hidden) {
    const before = status();
    const reply = await fetch("/models", { headers: { "X-Fragment": "1", Accept: "text/html" } }).catch(() => null);
    const text = reply?.ok ? await reply.text() : lastText;
    if (text !== lastText) {
      lastText = text;
      show(text);
      if (status() !== before) announce(status());
    }
  }
  setTimeout(refresh, REFRESH_MS);
}

// The operator's page: looks again while a job is under way or a generation is being loaded, and tells what
// changed. Without this module "Look again" does.
import { say, show } from "./page.js";

const PAUSE = 2000;
let last = "";
const section = () => document.getElementById("jobs");
const changes = () => document.querySelector("#jobs[data-watch], #in-service[data-watch]");
const told = () => section().dataset.told ?? "Nothing is under way any more";

if (section()) setTimeout(look, PAUSE);

async function look() {
  if (changes() && !document.hidden) {
    const before = told();
    const reply = await fetch("/models", { headers: { "X-Fragment": "1", Accept: "text/html" } }).catch(() => null);
    const text = reply?.ok ? await reply.text() : last;
    if (text !== last) {
      last = text;
      show(text);
      if (told() !== before) say(told());
    }
  }
  setTimeout(look, PAUSE);
}

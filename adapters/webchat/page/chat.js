// The demo page: one conversation, seen by its customer, a representative, or both side by side.

import { commands } from "./conversation.js";
import { Pane } from "./pane.js";

const ID = /^[A-Za-z0-9_-]{1,64}$/;
const SEEN = { customer: ["customer"], representative: ["representative"], both: ["customer", "representative"] };
const stage = document.getElementById("panes");
const switches = [...document.querySelectorAll("[data-view]")];
const offered = commands().catch(() => []);
const panes = new Map(); // by conversation and role
let view = SEEN[sessionStorage.getItem("view")] ? sessionStorage.getItem("view") : "customer";

// The address names the conversation from the start: both sides mean the same one, however long the server takes.
function conversation() {
  if (!ID.test(location.hash.slice(1))) history.replaceState(null, "", `#${crypto.randomUUID()}`);
  return location.hash.slice(1);
}

function pane(role) {
  const key = `${conversation()} ${role}`;
  if (!panes.has(key)) panes.set(key, new Pane(role, conversation(), offered));
  return panes.get(key);
}

function show(chosen) {
  view = chosen;
  sessionStorage.setItem("view", view);
  for (const each of switches) each.setAttribute("aria-pressed", String(each.dataset.view === view));
  stage.dataset.view = view;
  const shown = SEEN[view].map(pane);
  const writing = shown.find(({ element }) => element.contains(document.activeElement)) ?? shown.at(-1);
  // A pane that is not seen leaves the document, and goes on listening.
  const elements = shown.map(({ element }) => element);
  for (const each of [...stage.children]) if (!elements.includes(each)) each.remove();
  for (const each of shown) if (!each.element.isConnected) each.enter(stage);
  writing.focus();
}

// Another conversation. One in which something waits to be sent stays, and is found again by the address.
function move() {
  for (const [key, each] of panes) {
    if (key.startsWith(`${conversation()} `) || each.unsent) continue;
    each.close();
    panes.delete(key);
  }
  show(view);
}

for (const each of switches) each.addEventListener("click", () => show(each.dataset.view));
document.getElementById("new").addEventListener("click", () => (location.hash = crypto.randomUUID()));
window.addEventListener("hashchange", move);
window.addEventListener("beforeunload", (event) => {
  if ([...panes.values()].some(({ unsent }) => unsent)) event.preventDefault();
});
// A file that misses a pane: the browser would leave the page for it.
for (const type of ["dragover", "drop"]) {
  window.addEventListener(type, (event) => {
    if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  });
}
show(view);

// The demo page: one conversation, seen by its customer, a representative, or both side by side.

import { commands } from "./conversation.js";
import { Pane } from "./pane.js";

const ID = /^[A-Za-z0-9_-]{1,64}$/;
const SEEN = { customer: ["customer"], representative: ["representative"], both: ["customer", "representative"] };
const stage = document.getElementById("panes");
const switches = [...document.querySelectorAll("[data-view]")];
const offered = commands().catch(() => []);
let panes = {};
let view = SEEN[sessionStorage.getItem("view")] ? sessionStorage.getItem("view") : "customer";
let turn = Promise.resolve();

const conversation = () => (ID.test(location.hash.slice(1)) ? location.hash.slice(1) : undefined);

// One change after the other: the second pane needs the conversation that the first one started.
function change(work) {
  turn = turn.then(work).catch((error) => console.warn(error));
  return turn;
}

async function pane(role) {
  if (panes[role]) return panes[role];
  const made = new Pane(role, role === "representative" ? await offered : []);
  panes[role] = made;
  return made;
}

async function open(made) {
  if (made.opened) return;
  made.opened = true;
  try {
    await made.open(conversation());
  } catch (error) {
    made.opened = false;
    throw error;
  }
  if (conversation() !== made.conversation.id) history.replaceState(null, "", `#${made.conversation.id}`);
}

function show(chosen) {
  return change(async () => {
    view = chosen;
    sessionStorage.setItem("view", view);
    for (const each of switches) each.setAttribute("aria-pressed", String(each.dataset.view === view));
    stage.dataset.view = view;
    const shown = await Promise.all(SEEN[view].map(pane));
    const writing = shown.find(({ element }) => element.contains(document.activeElement)) ?? shown.at(-1);
    // A pane that is not seen leaves the document, and goes on listening.
    stage.replaceChildren(...shown.map(({ element }) => element));
    writing.focus();
    for (const each of shown) await open(each);
  });
}

function restart() {
  return change(() => {
    for (const each of Object.values(panes)) each.close();
    panes = {};
  }).then(() => show(view));
}

for (const each of switches) each.addEventListener("click", () => show(each.dataset.view));
document.getElementById("new").addEventListener("click", () => {
  history.replaceState(null, "", location.pathname);
  restart();
});
window.addEventListener("hashchange", restart);
show(view);

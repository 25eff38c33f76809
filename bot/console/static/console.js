// What pages are nicer with; each of them works without.

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  field.addEventListener("focus", () => field.select());
  if (!navigator.clipboard) continue; // only where the connection is safe
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    button.textContent = "Copied";
  });
}

document.querySelector("[aria-invalid=true]")?.focus();

// Nothing is sent twice: not by a second click while the answer is on its way, and not because the browser puts it back
// into its box when one comes back to the page. What did not get through stays there.
const PATIENCE = 10_000; // milliseconds; a page may stay, as where the answer is a file
let sentForm = null;
let sentAt = 0;
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target === sentForm && event.timeStamp - sentAt < PATIENCE) return event.preventDefault();
  [sentForm, sentAt] = [event.target, event.timeStamp];
  history.replaceState({ sent: Date.now() }, "");
  sessionStorage.setItem("sent", history.state.sent);
});
const address = new URL(location);
if (address.searchParams.has("done")) {
  sessionStorage.setItem("done", sessionStorage.getItem("sent"));
  address.searchParams.delete("done"); // loaded again, the page does not say it again
  history.replaceState(history.state, "", address);
}
window.addEventListener("pageshow", () => {
  sentForm = null;
  if (String(history.state?.sent) !== sessionStorage.getItem("done")) return;
  for (const form of document.forms) form.reset();
  history.replaceState(null, "");
});

// Where a plot is wider than the screen, its end is what people came for: the newest days.
for (const plot of document.querySelectorAll("[data-newest]")) plot.scrollLeft = plot.scrollWidth;

// The words that a field's value rests on light up in the message, while the field is pointed at or focused.
const light = (event, on) => {
  const field = event.target.closest?.("[data-cites]")?.dataset.cites;
  if (!field) return;
  for (const mark of document.querySelectorAll("mark[data-fields]")) {
    if (mark.dataset.fields.split(" ").includes(field)) mark.classList.toggle("lit", on);
  }
};
for (const [type, on] of [["mouseover", true], ["focusin", true], ["mouseout", false], ["focusout", false]]) {
  document.addEventListener(type, (event) => light(event, on));
}

// Shortcuts: / the search, j and k through a list, r an answer, n a note, a and x the first suggestion's Accept and
// Reject. The pages list them.
document.addEventListener("keydown", (event) => {
  if (localStorage.getItem("keys") === "off") return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  const links = [...document.querySelectorAll("[data-list] .name a")];
  const at = links.indexOf(document.activeElement);
  const target =
    event.key === "j" ? links[at + 1]
    : event.key === "k" ? links[at - 1]
    : /^[/rnax]$/.test(event.key) ? document.querySelector(`[data-shortcut="${event.key}"]`)
    : null;
  if (!target) return;
  event.preventDefault();
  target.focus();
});

// Who speaks to the computer, or rests a hand on the keys, switches them off (WCAG 2.1.4).
for (const label of document.querySelectorAll("[data-keys]")) {
  const box = label.querySelector("input");
  box.checked = localStorage.getItem("keys") !== "off";
  box.addEventListener("change", () => localStorage.setItem("keys", box.checked ? "on" : "off"));
  label.hidden = false;
}

// A case that is open is kept up to date; a part in which somebody is at work is left as it is. Until that is shown, too,
// forms outside go by what the page was made of.
const live = document.querySelector("[data-live]");
if (live) {
  // Where a form was refused, the address is the form's: nothing that could be loaded again or come back to.
  const [here] = live.dataset.live.split("/live");
  if (location.pathname !== here) history.replaceState(history.state, "", here);
  let tag = `"${live.dataset.version}"`;
  let behind = false;
  let over = false;
  const busy = (part) =>
    part.contains(document.activeElement) || part.querySelector("details[open] form");
  const atWork = () => [...live.querySelectorAll("[data-part]")].some(busy);
  const loggedOut = () => {
    over = true;
    document.getElementById("logged-out").hidden = false;
  };
  const opened = (part) => [...part.querySelectorAll("details[open] > summary")].map((each) => each.textContent);
  const replace = (part, now) => {
    const open = opened(part);
    for (const each of now.querySelectorAll("summary")) if (open.includes(each.textContent)) each.parentNode.open = true;
    part.replaceWith(now);
  };
  const look = async () => {
    if (document.hidden) return;
    const headers = behind && !atWork() ? {} : { "If-None-Match": tag };
    const answer = await fetch(live.dataset.live, { headers, redirect: "manual", signal: AbortSignal.timeout(30_000) });
    if (answer.type === "opaqueredirect") return loggedOut();
    if (answer.status !== 200) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    tag = answer.headers.get("ETag");
    behind = atWork();
    for (const part of live.querySelectorAll("[data-part]")) {
      const now = fresh.getElementById(part.id);
      if (busy(part) || now?.isEqualNode(part)) continue;
      if (now) replace(part, now);
      else part.remove();
    }
    const added = fresh.getElementById("live-suggestions");
    if (added && !document.getElementById("live-suggestions")) document.getElementById("live-fields").before(added);
    if (behind) return;
    for (const name of ["revision", "seen"]) {
      const value = fresh.querySelector(`input[name=${name}]`)?.value;
      for (const field of live.querySelectorAll(`input[name=${name}]`)) field.value = value;
    }
  };
  const goOn = async () => {
    await look().catch(() => {});
    if (!over) setTimeout(goOn, 3000);
  };
  setTimeout(goOn, 3000);
}

// The operators and the value of a condition follow the chosen field by themselves; without a script, its button does
// that. An input that stays the same is left alone, with the focus; what was typed comes back where it fits.
const fitters = [...document.querySelectorAll("[data-fits]")];
if (fitters.length) {
  const told = Object.assign(document.createElement("p"), { className: "unseen", role: "status" });
  document.querySelector("main").append(told);
  const offer = (on) => fitters.forEach((button) => (button.hidden = !on));
  offer(false);

  const control = (part) => (part.matches("[name]") ? part : part.querySelector("[name]"));
  const valuesOf = (options) => [...options].map((each) => each.value);
  const shape = ({ type, inputMode, options = [] }) => [type, inputMode, ...valuesOf(options)].join("\n");
  const typed = new Map(); // by the name of the value's input
  const remember = (input) => typed.set(input.name, input.selectedOptions ? valuesOf(input.selectedOptions) : [input.value]);
  for (const { dataset } of fitters) {
    const input = document.getElementById(`${dataset.fits}.value`);
    if (input) remember(input);
  }

  const fit = (pair, fresh) => {
    const held = new Map([...pair.children].map((part) => [control(part).name, part]));
    for (const part of [...fresh.children]) {
      const { name } = control(part);
      const old = held.get(name);
      held.delete(name);
      if (!old) pair.append(part);
      else if (shape(control(old)) !== shape(control(part))) {
        const focused = old.contains(document.activeElement);
        old.replaceWith(part);
        if (focused) control(part).focus();
      }
    }
    for (const part of held.values()) part.remove();
  };

  const asked = new Map(); // by condition: the latest change alone is answered
  const follow = async (choice, button) => {
    const { fits } = button.dataset;
    asked.get(fits)?.abort();
    const asking = new AbortController();
    asked.set(fits, asking);
    const sent = new URLSearchParams(new FormData(choice.form));
    sent.set("do", button.value);
    sent.delete(`${fits}.value`);
    for (const each of typed.get(`${fits}.value`) ?? []) sent.append(`${fits}.value`, each);
    const { action } = choice.form;
    const answer = await fetch(action, { method: "POST", body: sent, redirect: "manual", signal: asking.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    fit(choice.closest(".pair"), page.getElementById(choice.id).closest(".pair"));
    told.textContent = `The inputs after it fit “${choice.selectedOptions[0].text}” now.`;
    offer(false);
  };

  document.addEventListener("input", ({ target }) => target.name?.endsWith(".value") && remember(target));
  document.addEventListener("change", ({ target }) => {
    const [, condition] = target.name?.match(/^(.*)\.(field|operator)$/) ?? [];
    const button = fitters.find(({ dataset }) => dataset.fits === condition);
    if (button) follow(target, button).catch((error) => error.name === "AbortError" || offer(true));
  });
}

// Entries of a list are dragged to another place; the buttons beside them do the same.
for (const list of document.querySelectorAll("[data-order]")) {
  const form = document.getElementById(list.dataset.order);
  const entries = [...list.children];
  let dragged;
  for (const entry of entries) {
    entry.draggable = true;
    entry.addEventListener("dragstart", (event) => {
      dragged = entry;
      event.dataTransfer.effectAllowed = "move";
      entry.classList.add("dragged");
    });
    entry.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      const { top, height } = entry.getBoundingClientRect();
      if (entry !== dragged) entry[event.clientY < top + height / 2 ? "before" : "after"](dragged);
    });
    entry.addEventListener("drop", (event) => {
      event.preventDefault();
      const order = [...list.children].map((each) => entries.indexOf(each));
      if (order.some((position, place) => position !== place)) {
        form.elements.order.value = order.join();
        form.requestSubmit();
      }
    });
    entry.addEventListener("dragend", () => {
      entry.classList.remove("dragged");
      dragged = undefined;
      list.append(...entries); // let go of elsewhere: as it was
    });
  }
}

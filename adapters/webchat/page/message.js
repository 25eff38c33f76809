// Draws one activity. Whatever people wrote goes in as text, never as markup.

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const ROLES = { customer: "Customer", representative: "Representative", agent: "Casewright" };
const IMAGES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const UNITS = [
  [1024 * 1024, "MB"],
  [1024, "KB"],
];

export function template(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

export function draw(activity, { own, onDecision }) {
  const { channelData = {}, from = {}, text = "", attachments = [] } = activity;
  const article = template("message");
  article.dataset.authorRole = channelData.role ?? "agent";
  article.dataset.own = own;
  if (activity.id) article.dataset.activityId = activity.id;
  const name = from.name || ROLES[article.dataset.authorRole];
  article.querySelector(".author").textContent = own ? "You" : name;
  showTime(article.querySelector("time"), activity.timestamp);
  article.querySelector(".private").hidden = !channelData.private;
  article.dataset.private = Boolean(channelData.private);
  show(article.querySelector(".text"), text);
  const content = article.querySelector(".content");
  if (channelData.card) {
    content.append(drawCard(channelData.card, onDecision));
    article.dataset.card = "";
  } else if (attachments.length > 0) {
    const list = article.querySelector(".attachments");
    list.hidden = false;
    list.append(...attachments.map((each, index) => drawFile(each, channelData.attachmentSizes?.[index])));
  }
  content.hidden = !content.querySelector(":scope > :not([hidden])");
  return article;
}

// "pending" and "failed" are states of one's own message; `problem` says why it failed. What would fail again in the
// same way has no `retry`.
export function setDelivery(article, state, { problem = "", retry = null, remove = null } = {}) {
  article.dataset.state = state;
  const line = article.querySelector(".delivery");
  line.hidden = state === "sent";
  line.querySelector("span").textContent = state === "failed" ? `Not sent. ${problem}` : "Sending…";
  const button = line.querySelector("button");
  button.hidden = state !== "failed";
  button.textContent = retry ? "Try again" : "Remove";
  button.onclick = retry ?? remove;
}

export function sizeText(bytes) {
  const [factor, unit] = UNITS.find(([least]) => bytes >= least) ?? [1, "bytes"];
  return `${(bytes / factor).toLocaleString(undefined, { maximumFractionDigits: 1 })} ${unit}`;
}

function drawCard(card, onDecision) {
  const section = template("card");
  section.dataset.caseNumber = card.number;
  section.dataset.status = card.status;
  section.setAttribute("aria-label", `Case ${card.number}`);
  section.querySelector(".number").textContent = `Case ${card.number}`;
  section.querySelector(".status").textContent = card.status_label;
  section.querySelector("h3").textContent = card.title;
  const owner = card.owner ? [{ label: "Owner", value: card.owner }] : [];
  section.querySelector("dl").append(...[...owner, ...card.fields].flatMap(drawField));
  const list = section.querySelector(".suggestions");
  list.hidden = card.suggestions.length === 0;
  list.append(...card.suggestions.map((each) => drawSuggestion(card, each, onDecision)));
  show(section.querySelector(".changed"), card.changed ?? "");
  showTime(section.querySelector("time"), card.updated_at);
  return section;
}

function drawField({ label, value, internal = false }) {
  const term = document.createElement("dt");
  term.textContent = label;
  if (internal) {
    const tag = document.createElement("span");
    tag.className = "tag";
    tag.textContent = "Internal";
    term.append(" ", tag);
  }
  const description = document.createElement("dd");
  description.dir = "auto";
  description.textContent = value;
  return [term, description];
}

function drawSuggestion(card, suggestion, onDecision) {
  const item = template("suggestion");
  item.querySelector(".label").textContent = suggestion.label;
  item.querySelector("strong").textContent = suggestion.value;
  show(item.querySelector("q"), suggestion.quote);
  const buttons = [...item.querySelectorAll("button")];
  for (const button of buttons) {
    button.setAttribute("aria-label", `${button.textContent} ${suggestion.label}: ${suggestion.value}`);
    button.onclick = async () => {
      if (button.ariaDisabled === "true") return;
      const enable = (enabled) => buttons.forEach((each) => (each.ariaDisabled = String(!enabled))); // and keeps the focus
      enable(false);
      await onDecision({ verb: button.dataset.verb, case: card.number, suggestion: suggestion.id }).catch(() =>
        enable(true),
      );
    };
  }
  return item;
}

function drawFile({ contentType, contentUrl, name }, size) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  Object.assign(link, { href: contentUrl, target: "_blank", rel: "noopener noreferrer" });
  if (IMAGES.has(contentType) && new URL(contentUrl, location.href).origin === location.origin) {
    const image = document.createElement("img");
    Object.assign(image, { src: contentUrl, alt: name, loading: "lazy" });
    link.append(image);
    item.className = "image";
  } else {
    link.textContent = name;
    if (size) link.append(small(sizeText(size)));
  }
  item.append(link);
  return item;
}

function small(text) {
  const element = document.createElement("small");
  element.textContent = text;
  return element;
}

function show(element, text) {
  element.textContent = text;
  element.hidden = !text;
}

function showTime(element, timestamp) {
  const moment = timestamp ? new Date(timestamp) : new Date();
  element.dateTime = moment.toISOString();
  element.textContent = TIME.format(moment);
  element.title = moment.toLocaleString();
}

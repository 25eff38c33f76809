// One person's view of the conversation: what was said, and the box to write in.

import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { draw, setDelivery, template } from "./message.js";

const TYPING_FOR = 6_000;
const WORDS = {
  customer: {
    title: "Customer",
    placeholder: "Write a message",
    welcome: "How can we help?",
    explanation: "Write as you would to a support team. Casewright follows along and opens a case once it knows enough.",
  },
  representative: {
    title: "Representative",
    placeholder: "Reply, or type / for commands",
    welcome: "Nobody has written yet",
    explanation: "You see the same conversation as the customer, with internal fields and suggestions on top.",
  },
};
const CONNECTION = { online: "", connecting: "Connecting…", offline: "No connection. Trying again…" };

export class Pane {
  #log;
  #scroll;
  #composer;
  #messages = new Map(); // activity id or clientActivityID: its article
  #typing;
  #typingEnds;
  #following = true; // new messages come into view; not while one has scrolled up to read
  #place = 0; // where one has scrolled to
  #conversation;
  element = template("pane");

  // `commands` may come later.
  constructor(role, conversationId, commands) {
    const words = WORDS[role];
    this.#conversation = new Conversation(role, conversationId);
    this.#log = this.element.querySelector(".log");
    this.#scroll = this.element.querySelector(".scroll");
    this.#typing = this.element.querySelector(".typing");
    this.element.dataset.role = role;
    this.element.querySelector("h2").textContent = words.title;
    this.element.querySelector(".empty h3").textContent = words.welcome;
    this.element.querySelector(".empty p").textContent = words.explanation;
    this.element.setAttribute("aria-label", words.title);
    this.#composer = new Composer(this.element.querySelector("form"), {
      placeholder: words.placeholder,
      commands,
      onSend: (text, files) => this.#send(text, files),
      onTyping: () => this.#conversation.typing(),
    });
    this.#conversation.addEventListener("activity", ({ detail }) => this.#receive(detail));
    this.#conversation.addEventListener("connection", ({ detail }) => this.#showConnection(detail));
    this.#acceptDrops();
    this.#scroll.addEventListener("scroll", () => {
      this.#following = this.#isAtEnd();
      this.#place = this.#scroll.scrollTop;
    });
    const resized = new ResizeObserver(() => this.#settle(this.#following));
    for (const each of [this.#scroll, this.#log]) resized.observe(each); // pictures arrive after their message
    this.#open();
  }

  // What its person wrote and the server does not have.
  get unsent() {
    return this.#composer.filled || this.#log.querySelector("[data-state]") !== null;
  }

  async #open() {
    this.#showConnection("connecting");
    try {
      await this.#conversation.open();
    } catch (error) {
      this.element.querySelector(".connection").textContent = error.message;
    }
  }

  close() {
    this.#conversation.close();
    this.element.remove();
  }

  // Customers stand first. An element that was out of the document has lost its scroll.
  enter(stage) {
    stage[this.element.dataset.role === "customer" ? "prepend" : "append"](this.element);
    if (!this.#following) this.#scroll.scrollTop = this.#place;
  }

  focus() {
    this.#composer.focus();
  }

  #showConnection(state) {
    this.element.querySelector(".connection").textContent = CONNECTION[state];
    this.element.dataset.connection = state;
  }

  // --- what comes in -------------------------------------------------------------------------------

  #receive(activity) {
    if (activity.type === "typing") return this.#showTyping(activity.from.name || "Somebody");
    if (activity.type === "endOfConversation") return this.#showEnd();
    if (activity.type !== "message" || activity.channelData?.postBack) return;
    const own = activity.from.id === this.#conversation.user.id;
    if (!own) this.#showTyping("");
    const article = draw(activity, { own, onDecision: (value) => this.#decide(value) });
    const clientId = activity.channelData?.clientActivityID;
    this.#put(article, this.#messages.get(activity.id) ?? (own ? this.#messages.get(clientId) : undefined));
    this.#messages.set(activity.id, article);
    if (own && clientId) this.#messages.set(clientId, article);
  }

  // An edited post keeps its place; one's own message, once it is in, goes before those still on their way.
  #put(article, earlier) {
    if (earlier && !earlier.dataset.state) {
      const held = earlier.contains(document.activeElement);
      earlier.replaceWith(article);
      article.dataset.edited = "";
      if (held) (article.querySelector(".card button") ?? this.#log).focus({ preventScroll: true });
    } else {
      earlier?.remove();
      this.#log.insertBefore(article, this.#log.querySelector("[data-state]"));
    }
    this.#settle(this.#following);
  }

  #showTyping(name) {
    clearTimeout(this.#typingEnds);
    this.#typing.textContent = name && `${name} is typing…`;
    if (name) this.#typingEnds = setTimeout(() => this.#showTyping(""), TYPING_FOR);
  }

  #showEnd() {
    const line = document.createElement("p");
    line.className = "end";
    line.textContent = "The conversation has ended.";
    this.#log.append(line);
    this.#settle(this.#following);
  }

  // --- what goes out -------------------------------------------------------------------------------

  #send(text, files) {
    const activity = { type: "message", text, channelData: { clientActivityID: crypto.randomUUID() } };
    const { role } = this.element.dataset;
    const attachments = files.map(({ name }) => ({ name, contentUrl: location.href, contentType: "" }));
    const shown = { ...activity, attachments, channelData: { role, attachmentSizes: files.map(({ size }) => size) } };
    const article = draw(shown, { own: true });
    this.#messages.set(activity.channelData.clientActivityID, article);
    this.#log.append(article);
    this.#settle(true);
    this.#deliver(article, activity, files);
  }

  async #deliver(article, activity, files) {
    setDelivery(article, "pending");
    try {
      await this.#conversation.post(activity, files);
    } catch (error) {
      setDelivery(article, "failed", {
        problem: error.message,
        retry: error.passing || error.expired ? () => this.#deliver(article, activity, files) : null,
        remove: () => this.#remove(article, activity),
      });
    }
  }

  #remove(article, activity) {
    this.#messages.delete(activity.channelData.clientActivityID);
    article.remove();
  }

  #decide(value) {
    const channelData = { clientActivityID: crypto.randomUUID(), postBack: true };
    return this.#conversation.post({ type: "message", value, channelData });
  }

  #acceptDrops() {
    const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
    this.element.addEventListener("dragover", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      this.element.dataset.dropping = "";
    });
    this.element.addEventListener("dragleave", (event) => {
      if (!this.element.contains(event.relatedTarget)) delete this.element.dataset.dropping;
    });
    this.element.addEventListener("drop", (event) => {
      delete this.element.dataset.dropping;
      if (!carriesFiles(event)) return;
      event.preventDefault();
      this.#composer.attach(event.dataTransfer.files);
    });
  }

  // --- the scroll ----------------------------------------------------------------------------------

  #settle(follow) {
    this.element.querySelector(".empty").hidden = this.#log.childElementCount > 0;
    if (follow) this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }

  #isAtEnd() {
    return this.#scroll.scrollHeight - this.#scroll.scrollTop - this.#scroll.clientHeight < 80;
  }
}

// The box one writes in: text, files, and for representatives the commands that match what stands after the slash.

import { sizeText } from "./message.js";

const MOST_FILES = 10;
const MOST_CHARACTERS = 32_000;
const TYPING_EVERY = 4_000;

export class Composer {
  #form;
  #box;
  #files = [];
  #fileList;
  #picker;
  #hints;
  #commands = [];
  #problem;
  #typedAt = 0;
  #onSend;
  #onTyping;

  // `onSend(text, files)` and `onTyping()`; `commands` are offered after a slash, once they are there.
  constructor(form, { placeholder, commands, onSend, onTyping }) {
    this.#form = form;
    this.#box = form.querySelector("textarea");
    this.#box.placeholder = placeholder;
    this.#fileList = form.querySelector(".files");
    this.#picker = form.querySelector("input[type=file]");
    this.#problem = form.querySelector(".problem");
    commands.then((offered) => (this.#commands = offered));
    this.#onSend = onSend;
    this.#onTyping = onTyping;
    this.#hints = new Hints(form.querySelector(".hints"), this.#box, (command) => this.#complete(command));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#box.addEventListener("input", () => this.#typed());
    this.#box.addEventListener("keydown", (event) => this.#pressed(event));
    this.#box.addEventListener("blur", () => this.#hints.close());
    this.#box.addEventListener("paste", (event) => {
      // Office programs put a picture of the text beside it.
      if (event.clipboardData.files.length > 0 && !event.clipboardData.types.includes("text/plain")) {
        event.preventDefault();
        this.attach(event.clipboardData.files);
      }
    });
    form.querySelector(".attach").addEventListener("click", () => this.#picker.click());
    this.#picker.addEventListener("change", () => {
      this.attach(this.#picker.files);
      this.#picker.value = "";
    });
  }

  focus() {
    this.#box.focus();
  }

  get filled() {
    return this.#box.value.trim() !== "" || this.#files.length > 0;
  }

  attach(files) {
    const all = [...this.#files, ...files];
    this.#files = all.slice(0, MOST_FILES);
    this.#showFiles();
    const left = all.slice(MOST_FILES).map(({ name }) => name);
    this.#complain(left.length > 0 && `A message takes ${MOST_FILES} files. Left out: ${left.join(", ")}.`);
    this.focus();
  }

  #complain(problem) {
    this.#problem.textContent = problem || "";
    this.#problem.hidden = !problem;
  }

  #send() {
    const text = this.#box.value;
    if (!this.filled) return;
    const length = [...text].length;
    if (length > MOST_CHARACTERS) {
      const [most, all] = [MOST_CHARACTERS, length].map((each) => each.toLocaleString());
      return this.#complain(`A message takes ${most} characters, these are ${all}. Send the rest as a file.`);
    }
    this.#onSend(text, this.#files);
    this.#box.value = "";
    this.#files = [];
    this.#typedAt = 0;
    this.#showFiles();
    this.#complain("");
    this.#fit();
    this.#hints.close();
    this.focus();
  }

  #typed() {
    this.#fit();
    this.#complain("");
    const command = this.#box.value.startsWith("/");
    this.#hints.offer(command ? this.#matching() : []);
    if (this.#box.value && !command && Date.now() - this.#typedAt > TYPING_EVERY) {
      this.#typedAt = Date.now();
      this.#onTyping();
    }
  }

  #matching() {
    const typed = this.#box.value.slice(1).toLowerCase();
    return /\s/.test(typed) ? [] : this.#commands.filter(({ name }) => name.startsWith(typed));
  }

  #pressed(event) {
    // Safari ends a composition before it tells of the Enter that did so; 229 is what that key has then.
    if (event.isComposing || event.keyCode === 229 || this.#hints.pressed(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#form.requestSubmit();
    }
  }

  #complete({ name }) {
    this.#box.value = `/${name} `;
    this.#hints.close();
    this.#fit();
    this.focus();
  }

  #fit() {
    const size = (rows) => (this.#box.rows = rows);
    size(1);
    for (let rows = 2; rows <= 8 && this.#box.scrollHeight > this.#box.clientHeight; rows += 1) size(rows);
  }

  #showFiles() {
    this.#fileList.hidden = this.#files.length === 0;
    this.#fileList.replaceChildren(...this.#files.map((file) => this.#chip(file)));
  }

  #chip(file) {
    const item = document.createElement("li");
    item.append(file.name, " ");
    const size = document.createElement("small");
    size.textContent = sizeText(file.size);
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `Remove ${file.name}`);
    remove.onclick = () => {
      this.#files = this.#files.filter((each) => each !== file);
      this.#showFiles();
      this.#complain("");
      this.focus();
    };
    item.append(size, remove);
    return item;
  }
}

// A listbox above the box, after the WAI-ARIA pattern: the focus stays in the box.
class Hints {
  #list;
  #box;
  #offered = [];
  #chosen = 0;
  #onChoice;

  constructor(list, box, onChoice) {
    this.#list = list;
    this.#box = box;
    this.#onChoice = onChoice;
    list.id = `hints-${crypto.randomUUID()}`;
    box.setAttribute("aria-controls", list.id);
    box.setAttribute("aria-autocomplete", "list");
    list.addEventListener("mousedown", (event) => {
      event.preventDefault(); // the box keeps the focus
      const option = event.target.closest("[role=option]");
      if (option) this.#onChoice(this.#offered[[...this.#list.children].indexOf(option)]);
    });
  }

  offer(commands) {
    this.#offered = commands;
    this.#chosen = 0;
    this.#list.replaceChildren(...commands.map((command, index) => this.#option(command, index)));
    this.#list.hidden = commands.length === 0;
    this.#mark();
  }

  close() {
    this.offer([]);
  }

  // True when the key was for the list.
  pressed(event) {
    if (this.#offered.length === 0) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const whole = this.#box.value.trim() === `/${this.#offered[this.#chosen].name}`;
    if (step) {
      this.#chosen = (this.#chosen + step + this.#offered.length) % this.#offered.length;
      this.#mark();
    } else if ((event.key === "Tab" && !event.shiftKey) || (event.key === "Enter" && !event.shiftKey && !whole)) {
      this.#onChoice(this.#offered[this.#chosen]);
    } else if (event.key === "Escape") {
      this.close();
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  }

  #option({ name, usage, summary }, index) {
    const option = document.createElement("li");
    option.id = `${this.#list.id}-${index}`;
    option.setAttribute("role", "option");
    const command = document.createElement("span");
    command.className = "command";
    command.textContent = `/${name}`;
    const how = document.createElement("span");
    how.className = "usage";
    how.textContent = usage;
    const what = document.createElement("span");
    what.className = "summary";
    what.textContent = summary;
    option.append(command, " ", how, what);
    return option;
  }

  #mark() {
    for (const [index, option] of [...this.#list.children].entries()) {
      option.setAttribute("aria-selected", String(index === this.#chosen));
      if (index === this.#chosen) option.scrollIntoView({ block: "nearest" });
    }
    if (this.#offered.length > 0) this.#box.setAttribute("aria-activedescendant", `${this.#list.id}-${this.#chosen}`);
    else this.#box.removeAttribute("aria-activedescendant");
  }
}

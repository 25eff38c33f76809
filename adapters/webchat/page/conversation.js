// One person's end of a conversation over Direct Line 3.0: posts, and what comes in, over a WebSocket or by polling.

const DIRECT_LINE = "/v3/directline";
const RENEW_AFTER = 20 * 60_000; // of the 30 minutes that a token is good for
const SILENCE = 45_000; // the server says something every 15 s, if only an empty frame
const POLL_EVERY = 2_000;
const POLL_FOR = 30_000;
const SOCKET_FAILURES = 3; // in a row, before we poll for a while
const LONGEST_PAUSE = 15_000;
const POST_ATTEMPTS = 4;

export class Refusal extends Error {
  constructor(status, message, retryAfter) {
    super(message);
    this.passing = status === 429 || status >= 500;
    this.expired = status === 401 || status === 403;
    this.pause = retryAfter * 1000;
  }
}

// Events: "activity" (detail: a Bot Framework activity), "connection" (detail: "online", "connecting", "offline").
export class Conversation extends EventTarget {
  #role;
  #token = null;
  #renewAt = 0;
  #watermark = "";
  #closed = false;
  #socket = null;
  #hurry = () => {};
  #isOpen = false;
  #opened;
  #posting = new Promise((resolve) => (this.#opened = resolve)); // then the last post, however it went
  #id;
  user = null;

  // `id`: of a conversation, or of one that begins with this.
  constructor(role, id) {
    super();
    this.#role = role;
    this.#id = id;
  }

  // Tries until the server is there.
  async open() {
    window.addEventListener("online", this.#reconnectNow);
    for (let failures = 0; !this.#closed; failures += 1) {
      try {
        await this.#renew();
        const { streamUrl } = await this.#call("/conversations", { method: "POST" });
        this.#isOpen = true;
        this.#opened();
        this.#follow(streamUrl);
        return;
      } catch (error) {
        if (!(error instanceof Refusal) || !error.passing) throw error;
        this.#say("connection", "offline");
        await this.#pause(failures);
      }
    }
  }

  close() {
    this.#closed = true;
    window.removeEventListener("online", this.#reconnectNow);
    this.#socket?.close();
    this.#hurry();
  }

  // Resolves when the server has it. One after the other, so that what was written first is there first, and none
  // before there is a conversation.
  post(activity, files = []) {
    const posted = this.#posting.then(() => this.#postPatiently(activity, files));
    this.#posting = posted.catch(() => {});
    return posted;
  }

  // The same clientActivityID is never kept twice, so that trying again is safe.
  async #postPatiently(activity, files) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#postOnce(activity, files);
      } catch (error) {
        if (!(error instanceof Refusal) || !error.passing || attempt === POST_ATTEMPTS) throw error;
        await pause(error.pause || 500 * 2 ** attempt);
      }
    }
  }

  // Of no consequence when it is lost.
  typing() {
    if (this.#isOpen) this.#postOnce({ type: "typing" }, []).catch(() => {});
  }

  #postOnce(activity, files) {
    const path = `/conversations/${this.#id}`;
    if (files.length === 0) return this.#call(`${path}/activities`, json(activity));
    const body = new FormData();
    body.append("activity", new Blob([JSON.stringify(activity)], { type: "application/vnd.microsoft.activity" }));
    for (const file of files) body.append("file", file, file.name);
    return this.#call(`${path}/upload`, { method: "POST", body });
  }

  // --- what comes in -------------------------------------------------------------------------------

  async #follow(streamUrl) {
    let failures = 0;
    while (!this.#closed) {
      try {
        streamUrl ??= (await this.#call(`/conversations/${this.#id}?watermark=${this.#watermark}`)).streamUrl;
        failures = (await this.#listen(streamUrl)) ? 0 : failures + 1;
        if (failures >= SOCKET_FAILURES) await this.#poll();
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        failures += 1;
      }
      streamUrl = null;
      if (this.#closed) return;
      this.#say("connection", failures > 1 ? "offline" : "connecting");
      await this.#pause(failures);
    }
  }

  // Resolves when the socket is closed; true if it had been open.
  #listen(streamUrl) {
    return new Promise((resolve) => {
      let opened = false;
      let watch;
      const socket = new WebSocket(streamUrl);
      const alive = () => {
        clearTimeout(watch);
        watch = setTimeout(() => socket.close(), SILENCE);
      };
      alive();
      this.#socket = socket;
      socket.onopen = () => {
        opened = true;
        this.#say("connection", "online");
      };
      socket.onmessage = ({ data }) => {
        alive();
        if (data) this.#take(JSON.parse(data));
      };
      socket.onclose = () => {
        clearTimeout(watch);
        resolve(opened);
      };
    });
  }

  async #poll() {
    for (const until = Date.now() + POLL_FOR; Date.now() < until && !this.#closed; ) {
      this.#take(await this.#call(`/conversations/${this.#id}/activities?watermark=${this.#watermark}`));
      this.#say("connection", "online");
      await this.#wait(POLL_EVERY);
    }
  }

  #take({ activities, watermark }) {
    if (watermark) this.#watermark = watermark;
    for (const activity of activities) this.#say("activity", activity);
  }

  #say(type, detail) {
    if (!this.#closed) this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #pause(failures) {
    return this.#wait(Math.min(LONGEST_PAUSE, 300 * 2 ** failures) * (0.5 + Math.random() / 2));
  }

  #wait(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #reconnectNow = () => this.#hurry();

  // --- requests ------------------------------------------------------------------------------------

  async #call(path, options = {}) {
    if (Date.now() > this.#renewAt) await this.#renew();
    const send = () => request(DIRECT_LINE + path, options, { Authorization: `Bearer ${this.#token}` });
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof Refusal) || !error.expired) throw error;
      await this.#renew(); // the machine was asleep for longer than the token lives
      return send();
    }
  }

  async #renew() {
    const made = await request("/demo/token", json({ role: this.#role, conversation: this.#id }));
    this.user = made.user;
    this.#token = made.token;
    this.#renewAt = Date.now() + RENEW_AFTER;
  }
}

export async function commands() {
  return request("/demo/commands");
}

function json(value) {
  return { method: "POST", body: JSON.stringify(value), headers: { "Content-Type": "application/json" } };
}

async function request(url, options = {}, headers = {}) {
  let response;
  try {
    response = await fetch(url, { ...options, headers: { ...options.headers, ...headers } });
  } catch {
    throw new Refusal(503, "The server can't be reached.", 0);
  }
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  const message = body.error?.message ?? `The server answered ${response.status}.`;
  throw new Refusal(response.status, message, Number(response.headers.get("Retry-After")) || 0);
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

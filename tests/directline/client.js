// Drives botframework-directlinejs. Arguments: the address of Direct Line, a token.
// One command a line on standard input, one JSON object a line on standard output.
import { createInterface } from "node:readline";
import { DirectLine } from "botframework-directlinejs";
import { WebSocket } from "ws";
import XMLHttpRequest from "xhr2";

globalThis.WebSocket = WebSocket;
globalThis.XMLHttpRequest = XMLHttpRequest;

const [domain, token] = process.argv.slice(2);
const say = (event) => console.log(JSON.stringify(event));
let client;

function connect(options) {
  client = new DirectLine({ domain, token, timeout: 10_000, ...options });
  client.activity$.subscribe(
    (activity) => say({ activity, watermark: client.watermark }),
    (error) => say({ error: String(error) }),
  );
}

const commands = {
  connect: (options) => connect(options),
  post: (activity) =>
    client.postActivity(activity).subscribe(
      (id) => say({ posted: id }),
      (error) => say({ error: String(error), status: error.status }),
    ),
  refresh: () => client.refreshToken().subscribe((refreshed) => say({ refreshed })),
  // Back in the conversation as the same page would be: it knows where it stopped.
  reconnect: () => {
    const { conversationId, watermark } = client;
    client.end();
    connect({ conversationId, watermark });
  },
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [command, argument] = JSON.parse(line);
    commands[command](argument);
  })
  .on("close", () => process.exit());

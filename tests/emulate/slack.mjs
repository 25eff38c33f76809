// Starts the Slack of `emulate` at the port and with the state that the arguments give, until it is killed.
import { createEmulator } from "emulate";

const [port, seed] = process.argv.slice(2);
await createEmulator({ service: "slack", port: Number(port), seed: { slack: JSON.parse(seed) } });
console.log("listening");

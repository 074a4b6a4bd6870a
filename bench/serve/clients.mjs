// Clients of the service in a process of their own, so that their processor time can be told apart: each posts a picture, waits for the
// answer and posts the next. Usage: node bench/serve/clients.mjs URL CLIENTS SECONDS PICTURE…; prints a JSON object.
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { usage } from "../usage.mjs";

usage(import.meta.url);
const [url, clients, seconds, ...paths] = process.argv.slice(2);
const pictures = paths.map((path) => readFileSync(path));
const agent = new Agent({ keepAlive: true, maxSockets: Number(clients) });
const latencies = [];
const statuses = {};
const errors = {};
const end = performance.now() + 1000 * Number(seconds);
let next = 0;

function post(picture) {
  return new Promise((resolve, reject) => {
    const headers = { "Content-Type": "application/octet-stream", "Content-Length": picture.length };
    request(`${url}v1/captions`, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(response)).on("error", reject);
    })
      .on("error", reject)
      .end(picture);
  });
}

async function client() {
  while (performance.now() < end) {
    const started = performance.now();
    try {
      const { statusCode, headers } = await post(pictures[next++ % pictures.length]);
      statuses[statusCode] = (statuses[statusCode] ?? 0) + 1;
      if (statusCode === 200) latencies.push(performance.now() - started);
      // A client that behaves comes back when it is told to; a tenth of that keeps the queue full.
      else await new Promise((resolve) => setTimeout(resolve, 100 * Number(headers["retry-after"] ?? 1)));
    } catch (error) {
      errors[error.code ?? error.message] = (errors[error.code ?? error.message] ?? 0) + 1;
    }
  }
}

const started = performance.now();
await Promise.all(Array.from({ length: Number(clients) }, client));
const { user, system } = process.cpuUsage();
const spent = (performance.now() - started) / 1000;
console.log(JSON.stringify({ latencies, statuses, errors, seconds: spent, cpuSeconds: (user + system) / 1e6 }));
agent.destroy();

// Node's own http module, one process. Started as `node_http.mjs PORT`.

import { createServer } from "node:http";

const TEXT = { "Content-Type": "text/plain; charset=utf-8" };
const POST = /^\/users\/(\d+)\/posts\/(\d+)$/;
const subscribers = new Set();

const text = (body) => (request, response) => {
  response.writeHead(200, { ...TEXT, "Content-Length": Buffer.byteLength(body) }).end(body);
};

const body = async (request) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
};

const routes = new Map([
  ["GET /plaintext", text("Hello, World!")],
  ["GET /json", (request, response) => {
    const json = JSON.stringify({ message: "Hello, World!" });
    const head = { "Content-Type": "application/json", "Content-Length": json.length };
    response.writeHead(200, head).end(json);
  }],
  ["POST /echo", async (request, response) => {
    const echoed = await body(request);
    response.writeHead(200, { "Content-Length": echoed.length }).end(echoed);
  }],
  ["GET /events", (request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" }).flushHeaders();
    subscribers.add(response);
    response.on("close", () => subscribers.delete(response));
  }],
  ["POST /publish", async (request, response) => {
    const event = `data: ${await body(request)}\n\n`;
    for (const subscriber of subscribers) subscriber.write(event);
    response.writeHead(200, { "Content-Length": 0 }).end();
  }],
]);
for (let number = 0; number < Number(process.env.VERSUS_ROUTES ?? 50); number += 1) {
  routes.set(`GET /section${number}/page`, text("filler"));
}

const server = createServer((request, response) => {
  const route = routes.get(`${request.method} ${request.url}`);
  if (route) return route(request, response);
  const found = request.method === "GET" && POST.exec(request.url);
  if (found) return text(`user ${Number(found[1])}, post ${Number(found[2])}`)(request, response);
  response.writeHead(404).end();
});
server.keepAliveTimeout = 600_000;
server.listen(Number(process.argv[2]), "127.0.0.1");

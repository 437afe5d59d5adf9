// ws, with compression for whoever offers it at `/echo`, one process. Started as `npm_ws.mjs PORT`.

import { createServer } from "node:http";
import { WebSocket, WebSocketServer } from "ws";

const echo = new WebSocketServer({ noServer: true, perMessageDeflate: true });
const room = new WebSocketServer({ noServer: true });

echo.on("connection", (socket) => {
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
});
room.on("connection", (socket) => {
  socket.on("message", (data, isBinary) => {
    for (const member of room.clients) {
      if (member.readyState === WebSocket.OPEN) member.send(data, { binary: isBinary });
    }
  });
});

const server = createServer((request, response) => response.writeHead(426).end());
server.on("upgrade", (request, socket, head) => {
  const served = request.url === "/room" ? room : echo;
  served.handleUpgrade(request, socket, head, (opened) => served.emit("connection", opened));
});
server.listen(Number(process.argv[2]), "127.0.0.1");

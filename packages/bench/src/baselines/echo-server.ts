/**
 * The other end of the round trips in `StepCosts`: an HTTP server that answers each POST, and a
 * WebSocket server that sends each message back. Requests: `{}`.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { WebSocketServer } from "ws";

const RESPONSE = JSON.stringify({ id: "0".repeat(36), status: "Pending" });

for await (const _ of createInterface({ input: process.stdin })) {
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      response.writeHead(201, { "content-type": "application/json", "content-length": RESPONSE.length });
      response.end(RESPONSE);
    });
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  process.stdout.write(`${JSON.stringify({ port })}\n`);
  process.stdin.once("end", () => process.exit());
}

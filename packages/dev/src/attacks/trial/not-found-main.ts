/**
 * The baseline server: answers 404 to everything and closes every upgrade. What honest callers lose
 * to an attack on it is the processor.
 */
import { once } from "node:events";
import { createServer } from "node:http";

const server = createServer((request, response) => {
  request.resume();
  response.writeHead(404, { "content-length": 0 }).end();
});
server.on("upgrade", (_request, socket) => {
  socket.on("error", () => undefined);
  socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const address = server.address();
if (address === null || typeof address === "string") throw new Error("the system gave no port");
process.stdout.write(`${JSON.stringify({ word: "listening", port: address.port })}\n`);
process.once("SIGTERM", () => process.exit(0));

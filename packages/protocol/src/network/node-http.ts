/**
 * The module `node:http`. An `import` of it reads all its exports, and the getter of its WebSocket
 * loads undici: 35 ms of processor time at each start, which only programs that use `fetch` need.
 */
export const nodeHttp = process.getBuiltinModule("node:http");

// Whoever answers in the provider's place: a wall of the network, a server that is broken, a stranger with a certificate
// of its own. Every request gets the same answer.
//
//   node impostor.js '{"status": 200, "headers": {}, "body": "", "key": "key.pem", "certificate": "certificate.pem"}'
//
// The first line is the address. Then it says the method and the path of each request that reaches it. With a key and a
// certificate it speaks TLS.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";

const { status, headers = {}, body = "", key, certificate } = JSON.parse(process.argv[2]);

const answer = (request, response) => {
  console.log(`${request.method} ${request.url}`);
  request.resume();
  response.writeHead(status, headers).end(body);
};

const server = key
  ? createTlsServer({ key: readFileSync(key), cert: readFileSync(certificate) }, answer)
  : createServer(answer);

server.listen(0, "127.0.0.1", () => {
  console.log(`${key ? "https" : "http"}://127.0.0.1:${server.address().port}`);
});

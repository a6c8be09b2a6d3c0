// Calls one member with Node's own gRPC: a call is one line of JSON on stdin, what came of it one line on stdout.
"use strict";

const fs = require("fs");
const readline = require("readline");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");
const health = require("grpc-health-check");

const [protos, address, ca, certificate, key] = process.argv.slice(2);
const files = ["node", "coordinator", "membership"].map((name) => `federation/v1/${name}.proto`);
const names = { keepCase: true, longs: String, enums: String, bytes: String };
const types = {
  ...loader.loadSync(files, { ...names, includeDirs: [protos] }),
  ...loader.loadSync(health.protoPath, names),
};
const credentials = grpc.credentials.createSsl(...[ca, key, certificate].map((path) => fs.readFileSync(path)));
const clients = {};

function clientOf(service) {
  clients[service] ??= new (grpc.makeGenericClientConstructor(types[service], service))(address, credentials);
  return clients[service];
}

function say(told) {
  process.stdout.write(JSON.stringify(told) + "\n");
}

// One call of any kind. `end: false` leaves this side of a stream open, so that only the member or the deadline ends it;
// then the first message is told as it comes, without a code.
function call({ service, method, requests, end, seconds }) {
  const { requestStream, responseStream } = types[service][method];
  const client = clientOf(service);
  const options = { deadline: Date.now() + 1000 * seconds };
  return new Promise((resolve) => {
    const messages = [];
    const take = (message) => message && messages.push(message);
    const ended = ({ code, details }) => resolve({ messages, code, details });
    const sent = requestStream ? [] : requests;
    const back = responseStream ? [] : [(_error, message) => take(message)];
    const under = client[method](...sent, new grpc.Metadata({ waitForReady: true }), options, ...back);
    under.on("data", take).on("error", () => {}).on("status", (status) => setImmediate(ended, status));
    if (requestStream) {
      requests.forEach((request) => under.write(request));
      if (end) under.end();
      else under.once("data", (first) => say({ messages: [first] }));
    }
  });
}

readline.createInterface({ input: process.stdin }).on("line", async (line) => {
  say(await call(JSON.parse(line)));
}).on("close", () => Object.values(clients).forEach((client) => client.close()));

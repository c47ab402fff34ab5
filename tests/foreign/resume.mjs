// xmpp.js goes on with its session after its connection was cut: node resume.mjs ME OTHER
// It tells the other, which echoes. Certificates are verified (NODE_EXTRA_CA_CERTS).
import { client, xml } from "@xmpp/client";
import assert from "node:assert/strict";

const [username, other] = process.argv.slice(2);
const wait = (promise, what) => {
  let timer;
  const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error(`waited in vain for ${what}`)), 30_000); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

const xmpp = client({ service: `xmpp://localhost:${process.env.STONECHAT_PORT}`, domain: "localhost", username, password: `pw-${username}` });
xmpp.reconnect.delay = 0;
xmpp.on("error", () => {});
const bodies = [];
let arrived = () => {};
xmpp.on("stanza", (stanza) => {
  if (stanza.is("message") && stanza.getChildText("body")) {
    bodies.push(stanza.getChildText("body"));
    arrived();
  }
});
const body = (wanted) => wait(new Promise((done) => {
  arrived = () => bodies.includes(wanted) && done();
  arrived();
}), wanted);
const once = (emitter, event) => wait(new Promise((done) => emitter.once(event, done)), event);
const say = (text) => xmpp.send(xml("message", { to: other, type: "chat" }, xml("body", {}, text)));

const address = await wait(xmpp.start(), "the login");
await xmpp.send(xml("presence"));
// What comes back comes when all is done that belongs to the login, whichever way that went. (Not an IQ: those that answer its own
// requests xmpp.js does not count.)
await say("hello");
await body("echo of hello");
assert.ok(xmpp.streamManagement.id, "the session can be resumed");

for (let number = 0; number < 3; number++) {
  await say(`before ${number}`);
  await body(`echo of before ${number}`);
  const resumed = once(xmpp.streamManagement, "resumed");
  // The answer to this comes when nobody is there.
  await say(`cut ${number}`);
  (xmpp.socket.socket ?? xmpp.socket).destroy();
  await resumed;
  assert.equal(xmpp.jid.toString(), address.toString());
  await body(`echo of cut ${number}`);
}
await say("end");
await body("echo of end");
assert.equal(new Set(bodies).size, bodies.length, `something came twice: ${bodies}`);
await wait(xmpp.stop(), "the end");
console.log("ok");
process.exit(0);

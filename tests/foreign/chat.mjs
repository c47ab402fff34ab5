// xmpp.js talks with an account that echoes: node chat.mjs SERVICE ME OTHER
// where SERVICE is `xmpp` or `xmpps`. Certificates are verified (NODE_EXTRA_CA_CERTS).
import { client, xml } from "@xmpp/client";
import assert from "node:assert/strict";

const [scheme, username, other] = process.argv.slice(2);
const port = scheme === "xmpps" ? process.env.STONECHAT_TLS_PORT : process.env.STONECHAT_PORT;
const service = `${scheme}://localhost:${port}`;
const me = `${username}@localhost`;

const wait = (promise, what) => {
  let timer;
  const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error(`waited in vain for ${what}`)), 30_000); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

class Peer {
  constructor(password) {
    this.inbox = [];
    this.waiting = [];
    this.xmpp = client({ service, domain: "localhost", username, password });
    this.xmpp.reconnect.stop();
    this.xmpp.on("error", () => {});
    this.xmpp.on("stanza", (stanza) => {
      const at = this.waiting.findIndex(({ wanted }) => wanted(stanza));
      if (at >= 0) this.waiting.splice(at, 1)[0].done(stanza);
      else this.inbox.push(stanza);
    });
  }
  expect(what, wanted) {
    const at = this.inbox.findIndex(wanted);
    if (at >= 0) return this.inbox.splice(at, 1)[0];
    return wait(new Promise((done) => this.waiting.push({ wanted, done })), what);
  }
  presence(from, type) {
    return this.expect(`presence ${type ?? "available"} from ${from}`, (stanza) =>
      stanza.is("presence") && stanza.attrs.type === type && stanza.attrs.from.split("/")[0] === from);
  }
  message(body) {
    return this.expect(`the message ${body}`, (stanza) => stanza.is("message") && stanza.getChildText("body") === body);
  }
  roster() {
    return wait(this.xmpp.iqCaller.get(xml("query", "jabber:iq:roster")), "the roster");
  }
}

const refused = await wait(new Peer("pw-wrong").xmpp.start().then(() => null, (error) => error), "the refusal");
assert.equal(refused?.condition, "not-authorized");

const peer = new Peer(`pw-${username}`);
const address = await wait(peer.xmpp.start(), "the login");
assert.equal(address.bare().toString(), me);
assert.deepEqual((await peer.roster()).getChildren("item"), []);
await peer.xmpp.send(xml("presence"));

await wait(peer.xmpp.iqCaller.set(xml("query", "jabber:iq:roster", xml("item", { jid: other, name: "Echo" }))), "the set");
await peer.xmpp.send(xml("presence", { to: other, type: "subscribe" }));
await peer.presence(other, "subscribed");
await peer.presence(other, "subscribe");
await peer.xmpp.send(xml("presence", { to: other, type: "subscribed" }));
await peer.presence(other);
const item = (await peer.roster()).getChild("item");
assert.deepEqual([item.attrs.jid, item.attrs.name, item.attrs.subscription], [other, "Echo", "both"]);

for (let number = 0; number < 20; number++) {
  await peer.xmpp.send(xml("message", { to: other, type: "chat" }, xml("body", {}, `<${number}> & "more"`)));
}
for (let number = 0; number < 20; number++) await peer.message(`echo of <${number}> & "more"`);
await peer.xmpp.send(xml("message", { to: other, type: "chat" }, xml("body", {}, "end")));
await peer.message("echo of end");
await peer.presence(other, "unavailable");

const info = await wait(peer.xmpp.iqCaller.get(xml("query", "http://jabber.org/protocol/disco#info"), "localhost"), "disco");
assert.ok(info.getChildren("feature").some(({ attrs }) => attrs.var === "urn:xmpp:ping"), info.toString());
await wait(peer.xmpp.stop(), "the end");
console.log("ok");
// The client that was refused may still hold something open.
process.exit(0);

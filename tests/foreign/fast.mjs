// xmpp.js logs in by SASL2 with Bind 2, and comes back with a FAST token: node fast.mjs SERVICE ME
// where SERVICE is `xmpp` or `xmpps`. Certificates are verified (NODE_EXTRA_CA_CERTS).
import { client, xml } from "@xmpp/client";
import assert from "node:assert/strict";

const [scheme, username] = process.argv.slice(2);
const port = scheme === "xmpps" ? process.env.STONECHAT_TLS_PORT : process.env.STONECHAT_PORT;
const service = `${scheme}://localhost:${port}`;
const userAgent = xml("user-agent", { id: "d4565fa7-4d72-4749-b3d3-740edbf87770" }, xml("software", {}, "xmpp.js"));

const wait = (promise, what) => {
  let timer;
  const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error(`waited in vain for ${what}`)), 30_000); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

// Logs in; gives the address, the token that the server issued, if it did, and the elements in which the client authenticated.
async function login(password, token) {
  const xmpp = client({ service, domain: "localhost", username, password, resource: "script", userAgent });
  xmpp.reconnect.stop();
  xmpp.on("error", () => {});
  const said = [];
  xmpp.on("send", (element) => { if (element.is?.("authenticate")) said.push(element); });
  let issued;
  xmpp.fast.fetchToken = async () => token;
  xmpp.fast.saveToken = async (saved) => { issued = saved; };
  const address = await wait(xmpp.start(), "the login");
  await wait(xmpp.iqCaller.get(xml("query", "http://jabber.org/protocol/disco#info"), "localhost"), "disco");
  await wait(xmpp.stop(), "the end");
  return { address: address.toString(), issued, said };
}

const first = await login(`pw-${username}`);
assert.equal(first.said.length, 1, "SASL2 was used");
assert.match(first.address, new RegExp(`^${username}@localhost/script/`));
assert.equal(first.issued?.mechanism, "HT-SHA-256-NONE");
assert.ok(new Date(first.issued.expiry) > new Date());

// The password is wrong, so it is the token that counts; the server proves to have it too, or xmpp.js would not go on.
const second = await login("pw-wrong", first.issued);
assert.deepEqual(second.said.map(({ attrs }) => attrs.mechanism), ["HT-SHA-256-NONE"]);
assert.equal(second.address, first.address);

const forged = { ...first.issued, token: first.issued.token.split("").reverse().join("") };
const refused = await login("pw-wrong", forged).then(() => null, (error) => error);
assert.equal(refused?.condition, "not-authorized");
// Without the right token the password serves as ever.
const third = await login(`pw-${username}`, forged);
assert.equal(third.said.length, 2);
assert.equal(third.address, first.address);
console.log("ok");
// The client that was refused may still hold something open.
process.exit(0);

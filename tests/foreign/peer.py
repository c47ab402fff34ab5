"""What the scripts share: a slixmpp client that waits for what it is sent, and the choice of what to run.

Where the server is comes through the environment:

    STONECHAT_PORT         STARTTLS
    STONECHAT_TLS_PORT     direct TLS
    STONECHAT_CA           the certificate to trust, a PEM file

Accounts are user1@localhost, user2@localhost and so on; the password of NAME is pw-NAME.

A script ends with `peer.run(globals())`: its first argument is the name of the function to run, the others are the
function's. Nothing waits by sleeping; everything waited for has a limit.
"""
import asyncio
import logging
import os
import sys

from slixmpp import ClientXMPP, JID
from slixmpp.exceptions import IqError

HOST = "127.0.0.1"
#: Seconds that anything may take. Generous: the machine may be busy.
LIMIT = 30


class Peer(ClientXMPP):
    """A client. `inbox` has all stanzas that came and were not taken yet, in order."""

    def __init__(self, jid, password=None, *, tls="starttls", mechanism=None, ca=None, plugins=(), settings=None):
        if password is None:
            password = "pw-" + JID(jid).user
        super().__init__(jid, password, sasl_mech=mechanism)
        self.tls = tls
        self.ca_certs = ca or os.environ["STONECHAT_CA"]
        self.enable_starttls = tls == "starttls"
        self.enable_direct_tls = tls == "direct"
        self.enable_plaintext = False
        # The scripts answer requests themselves.
        self.auto_authorize = None
        self.auto_subscribe = False
        for number in ("0030", "0199", "0203", "0280", *plugins):
            self.register_plugin("xep_" + number, (settings or {}).get(number))
        self.inbox = []
        self.arrived = asyncio.Event()
        self.failures = []
        self.stream_errors = []
        self.outcome = asyncio.get_running_loop().create_future()
        self.gone = asyncio.get_running_loop().create_future()
        self.add_filter("in", self._note)
        self.add_event_handler("session_start", lambda _: self._set("session"))
        self.add_event_handler("failed_auth", lambda failure: self.failures.append(failure["condition"]))
        self.add_event_handler("failed_all_auth", lambda _: self._set("refused"))
        self.add_event_handler("ssl_invalid_chain", lambda error: self._set("certificate"))
        self.add_event_handler("connection_failed", self._connection_failed)
        self.add_event_handler("stream_error", self._stream_error)
        self.add_event_handler("disconnected", self._disconnected)

    def _note(self, stanza):
        self.inbox.append(stanza)
        self.arrived.set()
        return stanza

    def _set(self, outcome):
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def _connection_failed(self, error):
        self.cancel_connection_attempt()
        self._set(self._reason("connection failed", error))

    def _stream_error(self, error):
        self.stream_errors.append(error["condition"])
        self._set(error["condition"])

    def _disconnected(self, reason):
        self._set(self._reason("disconnected", reason))
        if not self.gone.done():
            self.gone.set_result(reason)

    @staticmethod
    def _reason(what, error):
        return "certificate" if "CERTIFICATE_VERIFY_FAILED" in str(error) else f"{what}: {error}"

    async def attempt(self):
        """Connects; how that went: `session`, `refused`, `certificate`, a stream error or why there is no connection."""
        direct = self.tls == "direct"
        self.connect(HOST, int(os.environ["STONECHAT_TLS_PORT" if direct else "STONECHAT_PORT"]))
        return await bounded(self.outcome, f"{self.requested_jid} to connect")

    async def login(self, presence=True, priority=None, **roster):
        """Connects and logs in, asks for the roster, becomes available."""
        outcome = await self.attempt()
        assert outcome == "session", f"{self.requested_jid}: {outcome}, {self.failures}"
        await bounded(self.get_roster(), "the roster")
        if presence:
            self.send_presence(ppriority=priority)
            # Its answer says that the presence was taken.
            await self.ping()
        return self

    async def ping(self, to=None):
        """The answer comes after all that the server had done before."""
        return await bounded(self.plugin["xep_0199"].send_ping(to or self.boundjid.domain), "the answer to a ping")

    async def expect(self, what, wanted):
        """Takes the first stanza that `wanted` takes; waits for it."""
        async def search():
            while True:
                self.arrived.clear()
                for at, stanza in enumerate(self.inbox):
                    if wanted(stanza):
                        return self.inbox.pop(at)
                await self.arrived.wait()
        try:
            return await asyncio.wait_for(search(), LIMIT)
        except asyncio.TimeoutError:
            got = "\n".join(str(stanza) for stanza in self.inbox)
            raise AssertionError(f"{self.boundjid} did not get {what}; it got\n{got}") from None

    async def message(self, body, sender=None):
        """The next message with this body."""
        def wanted(stanza):
            return is_message(stanza) and stanza["body"] == body and (sender is None or stanza["from"].bare == sender)
        return await self.expect(f"a message {body!r}", wanted)

    async def presence(self, sender, kind=None):
        """The next presence of that `type` from a bare or full JID."""
        def wanted(stanza):
            return stanza.name == "presence" and stanza.xml.get("type") == kind and JID(sender) in (
                stanza["from"], JID(stanza["from"].bare))
        return await self.expect(f"presence {kind or 'available'} from {sender}", wanted)

    async def push(self, jid):
        """The next roster push for that contact: the attributes of its item, with its groups."""
        def item(stanza):
            found = stanza.xml.findall("{jabber:iq:roster}query/{jabber:iq:roster}item")
            return stanza.name == "iq" and stanza["type"] == "set" and [i for i in found if i.get("jid") == jid]
        stanza = await self.expect(f"a roster push for {jid}", item)
        found = item(stanza)[0]
        return dict(found.attrib, groups=sorted(g.text for g in found.findall("{jabber:iq:roster}group")))

    def bodies(self):
        """The bodies of all messages in the inbox, in order."""
        return [stanza["body"] for stanza in self.inbox if is_message(stanza) and stanza["body"]]

    def say(self, to, body, **more):
        self.send_message(mto=to, mbody=body, mtype=more.pop("mtype", "chat"), **more)

    async def logout(self):
        """Closes the stream and waits until the connection is gone."""
        self.disconnect()
        await bounded(asyncio.shield(self.gone), "the end of the connection")

    async def cut(self):
        """Breaks the connection without a word."""
        self.abort()
        await bounded(asyncio.shield(self.gone), "the end of the connection")


def is_message(stanza):
    return stanza.name == "message" and stanza.xml.get("type") != "error"


async def bounded(future, what):
    try:
        return await asyncio.wait_for(future, LIMIT)
    except asyncio.TimeoutError:
        raise AssertionError(f"waited in vain for {what}") from None


async def refused(future):
    """The condition of the error that answers a request."""
    try:
        await bounded(future, "an answer")
    except IqError as error:
        return error.condition
    raise AssertionError("the request was not refused")


async def befriend(one, other):
    """Mutual subscription of two clients that are online; both have each other's presence then."""
    for asker, asked in ((one, other), (other, one)):
        asker.send_presence(pto=asked.boundjid.bare, ptype="subscribe")
        await asked.presence(asker.boundjid.bare, "subscribe")
        asked.send_presence(pto=asker.boundjid.bare, ptype="subscribed")
        await asker.presence(asked.boundjid.bare, "subscribed")
        await asker.presence(asked.boundjid.full)


def run(functions):
    logging.basicConfig(level=os.environ.get("SLIXMPP_LOG", "CRITICAL"), stream=sys.stderr)
    name, *args = sys.argv[1:]

    async def main():
        await functions[name](*args)
        print("ok", name)

    asyncio.run(asyncio.wait_for(main(), 120))

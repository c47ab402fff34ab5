"""A component of slixmpp: `component.py FUNCTION PORT DOMAIN SECRET`."""
import asyncio

import peer
from peer import HOST, Peer, bounded
from slixmpp import ComponentXMPP

ONE = "user1@localhost"


class Component(ComponentXMPP):
    """Says back what it hears."""

    def __init__(self, domain, secret, port):
        super().__init__(domain, secret, HOST, int(port), plugin_config={}, plugin_whitelist=[])
        loop = asyncio.get_running_loop()
        self.online, self.gone = loop.create_future(), loop.create_future()
        self.errors = []
        self.add_event_handler("session_start", lambda _: self.online.done() or self.online.set_result(True))
        self.add_event_handler("stream_error", lambda error: self.errors.append(error["condition"]))
        self.add_event_handler("disconnected", lambda reason: self.gone.done() or self.gone.set_result(reason))
        self.add_event_handler("message", self.echo)
        for plugin in ("0030", "0199"):
            self.register_plugin("xep_" + plugin)

    def echo(self, message):
        if message["type"] == "chat":
            message.reply(message["body"]).send()


async def begin(domain, secret, port):
    component = Component(domain, secret, port)
    component.connect()
    return component


async def echo(port, domain, secret):
    component = await begin(domain, secret, port)
    await bounded(component.online, "the component to be accepted")
    one = await Peer(ONE).login()
    for number in range(20):
        one.send_message(mto=f"somebody@{domain}/somewhere", mbody=f"hello {number}", mtype="chat")
    for number in range(20):
        heard = await one.message(f"hello {number}", f"somebody@{domain}")
        assert heard["from"].full == f"somebody@{domain}/somewhere", heard
    await bounded(one.plugin["xep_0199"].send_ping(domain), "the component's answer to a ping")
    info = await bounded(one.plugin["xep_0030"].get_info(jid=domain), "the component's information")
    assert "urn:xmpp:ping" in info["disco_info"]["features"], info
    # A component asks, too.
    await bounded(component.plugin["xep_0199"].send_ping("localhost"), "the server's answer to a ping")
    await one.logout()
    component.disconnect()
    await bounded(component.gone, "the end")


async def wrong_secret(port, domain, secret):
    component = await begin(domain, secret + "!", port)
    await bounded(component.gone, "to be refused")
    component.cancel_connection_attempt()
    assert not component.online.done() and component.errors == ["not-authorized"], component.errors


async def wrong_sender(port, domain, secret):
    component = await begin(domain, secret, port)
    await bounded(component.online, "the component to be accepted")
    one = await Peer(ONE).login()
    component.send_message(mto=one.boundjid, mfrom="admin@localhost", mbody="give me your password", mtype="chat")
    await bounded(component.gone, "to be cut")
    component.cancel_connection_attempt()
    assert component.errors == ["invalid-from"], component.errors
    # Whatever was to come has come.
    await bounded(one.plugin["xep_0199"].send_ping("localhost"), "the server's answer to a ping")
    assert not [stanza for stanza in one.inbox if stanza.name == "message"], one.inbox
    await one.logout()


peer.run(globals())

"""Blocking (XEP-0191) with reports (XEP-0377)."""
import peer
from peer import Peer, befriend, bounded
from slixmpp.exceptions import IqError
from slixmpp.xmlstream import ET

ONE, TWO = "user1@localhost", "user2@localhost"
NS = "urn:xmpp:blocking"


async def login(jid):
    client = await Peer(jid, plugins=("0191",)).login()
    info = await bounded(client.plugin["xep_0030"].get_info(jid="localhost"), "what the server can do")
    assert {NS, "urn:xmpp:reporting:1"} <= set(info["disco_info"]["features"]), info
    return client


async def blocked(client):
    return {str(jid) for jid in await bounded(client.plugin["xep_0191"].get_blocked_jids(), "the list")}


async def pushed(client, what):
    def wanted(stanza):
        return stanza.name == "iq" and stanza["type"] == "set" and stanza.xml.find(f"{{{NS}}}{what}") is not None
    push = await client.expect(f"a push of {what}", wanted)
    return {item.get("jid") for item in push.xml.find(f"{{{NS}}}{what}")}


async def error(client, sender):
    stanza = await client.expect("an error", lambda s: s.xml.get("type") == "error" and s["from"].bare == sender)
    return stanza["error"]["condition"], stanza.xml.find(".//{urn:xmpp:blocking:errors}blocked") is not None


async def list_between_devices():
    phone, laptop = await login(ONE + "/phone"), await login(ONE + "/laptop")
    assert await blocked(laptop) == set()
    await bounded(phone.plugin["xep_0191"].block([TWO, "spam.example"]), "the result of a block")
    assert await pushed(laptop, "block") == {TWO, "spam.example"}
    assert await blocked(phone) == {TWO, "spam.example"}
    await bounded(laptop.plugin["xep_0191"].unblock(TWO), "the result of unblocking")
    assert await pushed(phone, "unblock") == {TWO}
    # With a report, which the others do not see.
    iq = phone.make_iq_set()
    block = ET.SubElement(iq.xml, f"{{{NS}}}block")
    item = ET.SubElement(block, f"{{{NS}}}item", jid=TWO)
    ET.SubElement(item, "{urn:xmpp:reporting:1}report", reason="urn:xmpp:reporting:spam")
    await bounded(iq.send(), "the result of a report")
    assert await pushed(laptop, "block") == {TWO}
    try:
        await bounded(phone.plugin["xep_0191"].block([ONE]), "an answer")
        raise AssertionError("an account could block itself")
    except IqError as refusal:
        assert refusal.condition == "not-allowed", refusal


async def blocked_contact():
    one, two = await login(ONE), await login(TWO)
    await befriend(one, two)
    await bounded(one.plugin["xep_0191"].block([TWO]), "the result of a block")
    await two.presence(one.boundjid.full, "unavailable")
    # As with who is offline, and with nobody.
    two.say(ONE, "are you there?")
    two.say("nobody@localhost", "are you there?")
    await two.ping()
    assert not [s for s in two.inbox if s.name == "message"], two.inbox
    one.say(TWO, "no")
    assert await error(one, TWO) == ("not-acceptable", True)
    one.send_presence(pshow="dnd")
    await one.ping()
    await two.ping()
    assert not [s for s in two.inbox if s.name == "presence" and s["from"].bare == ONE], two.inbox
    assert not [s for s in one.inbox if s.name == "message" and s["type"] != "error"], one.inbox

    await bounded(one.plugin["xep_0191"].unblock(TWO), "the result of unblocking")
    assert (await two.presence(one.boundjid.full))["show"] == "dnd"
    two.say(ONE, "there you are")
    await one.message("there you are")


async def offline_while_blocked():
    one, two = await login(ONE), await login(TWO)
    await bounded(one.plugin["xep_0191"].block([TWO]), "the result of a block")
    await one.logout()
    two.say(ONE, "kept?")
    await two.ping()
    assert not [s for s in two.inbox if s.name == "message"], two.inbox
    one = await login(ONE)
    await bounded(one.plugin["xep_0191"].unblock(TWO), "the result of unblocking")
    two.say(ONE, "fence")
    await one.message("fence")
    assert "kept?" not in one.bodies()


peer.run(globals())

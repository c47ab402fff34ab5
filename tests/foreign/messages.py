"""Messages: online, offline, and copies for the other devices."""
import datetime

import peer
from peer import Peer, bounded, is_message

ONE, TWO = "user1@localhost", "user2@localhost"
COUNT = 100


async def both_ways():
    one, two = await Peer(ONE).login(), await Peer(TWO, tls="direct").login()
    for number in range(COUNT):
        one.say(TWO, f"to two, {number}")
        two.say(ONE, f"to one, {number}")
    last = await two.message(f"to two, {COUNT - 1}")
    assert last["from"] == one.boundjid and last["type"] == "chat", last
    await one.message(f"to one, {COUNT - 1}")
    assert two.bodies() == [f"to two, {number}" for number in range(COUNT - 1)], two.bodies()
    assert one.bodies() == [f"to one, {number}" for number in range(COUNT - 1)], one.bodies()


async def any_text():
    one, two = await Peer(ONE).login(), await Peer(TWO).login()
    for text in ["<&>'\"]]>", "Grüße, 朱丽叶 \U0001f339", "line\none\ttwo", "x" * 100_000]:
        one.say(two.boundjid.full, text)
        await two.message(text, ONE)


async def offline():
    one = await Peer(ONE).login()
    before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    for number in range(COUNT):
        one.say(TWO, f"offline {number}")
    # Kinds that are not kept (XEP-0160 §3).
    one.say(TWO, "a headline", mtype="headline")
    await one.ping()
    errors = [s for s in one.inbox if s.name == "message"]
    assert not errors, errors

    two = await Peer(TWO).login()
    await two.message(f"offline {COUNT - 1}")
    kept = [s for s in two.inbox if is_message(s)]
    assert [s["body"] for s in kept] == [f"offline {number}" for number in range(COUNT - 1)], two.bodies()
    after = datetime.datetime.now(datetime.timezone.utc)
    for stanza in kept:
        assert stanza["delay"]["from"] in ("localhost", TWO), stanza
        assert before <= stanza["delay"]["stamp"] <= after, stanza
    one.say(TWO, "online")
    message = await two.message("online")
    assert message.xml.find("{urn:xmpp:delay}delay") is None, message
    await two.logout()
    # They came once.
    two = await Peer(TWO).login()
    one.say(TWO, "fence")
    await two.message("fence")
    assert two.bodies() == [], two.bodies()


async def connected_but_not_available():
    """Who has not sent presence, or has a negative priority, gets nothing that is for the account."""
    silent = await Peer(TWO + "/silent").login(presence=False)
    below = await Peer(TWO + "/below").login(priority=-1)
    one = await Peer(ONE).login()
    one.say(TWO, "for the account")
    one.say(TWO + "/below", "for the resource")
    await below.message("for the resource")
    await silent.ping()
    assert silent.bodies() == [] and below.bodies() == [], (silent.bodies(), below.bodies())
    silent.send_presence()
    await silent.message("for the account")


async def to_nobody():
    one = await Peer(ONE).login()
    one.say("nobody@localhost", "hello?")
    error = await one.expect("an error", lambda s: s.name == "message" and s["type"] == "error")
    assert error["error"]["condition"] == "service-unavailable", error
    assert error["from"].bare == "nobody@localhost", error


async def carbons():
    one = await Peer(ONE).login()
    phone, laptop = await Peer(TWO + "/phone").login(), await Peer(TWO + "/laptop").login()
    plain = await Peer(TWO + "/plain").login()
    for device in (phone, laptop):
        await bounded(device.plugin["xep_0280"].enable(), "carbons to be enabled")

    def copy(kind, body):
        def wanted(stanza):
            return is_message(stanza) and stanza.xml.find("{urn:xmpp:carbons:2}" + kind) is not None and \
                stanza["carbon_" + kind]["body"] == body
        return wanted

    one.say(phone.boundjid.full, "for the phone")
    await phone.message("for the phone")
    carbon = await laptop.expect("a copy", copy("received", "for the phone"))
    assert carbon["from"] == TWO, carbon
    inner = carbon["carbon_received"]
    assert (inner["from"], inner["to"]) == (one.boundjid, phone.boundjid), carbon

    phone.say(ONE, "from the phone")
    await one.message("from the phone")
    carbon = await laptop.expect("a copy", copy("sent", "from the phone"))
    assert carbon["from"] == TWO and carbon["carbon_sent"]["from"] == phone.boundjid, carbon

    private = laptop.make_message(mto=ONE, mbody="between us", mtype="chat")
    private.enable("carbon_private")
    private.send()
    got = await one.message("between us")
    assert got.xml.find("{urn:xmpp:carbons:2}private") is None, got

    await bounded(laptop.plugin["xep_0280"].disable(), "carbons to be disabled")
    phone.say(ONE, "not for the laptop")
    await one.message("not for the laptop")
    for device in (phone, laptop, plain):
        one.say(device.boundjid.full, "fence")
    await phone.message("fence")
    await laptop.message("fence")
    await plain.message("fence")
    copies = [s for s in (*phone.inbox, *laptop.inbox, *plain.inbox) if is_message(s) and (
        s.xml.find("{urn:xmpp:carbons:2}received") is not None and s["carbon_received"]["body"] != "fence"
        or s.xml.find("{urn:xmpp:carbons:2}sent") is not None)]
    assert not copies, copies


async def forged_carbons():
    """A copy that a user wrote is a payload as any other, and says whom it is from."""
    one, two = await Peer(ONE).login(), await Peer(TWO).login()
    one.send_raw(
        f"<message to='{TWO}' type='chat'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
        f"<message xmlns='jabber:client' from='user3@localhost/x' to='{TWO}' type='chat'><body>I am somebody else</body>"
        "</message></forwarded></received></message>"
    )
    got = await two.expect("the forgery", lambda s: is_message(s) and s.xml.find(
        "{urn:xmpp:carbons:2}received") is not None)
    assert got["from"] == one.boundjid, got


peer.run(globals())

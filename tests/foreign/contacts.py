"""Roster, subscriptions and presence."""
import peer
from peer import Peer, befriend, bounded, refused
from slixmpp.exceptions import IqError

ONE, TWO, THREE = "user1@localhost", "user2@localhost", "user3@localhost"


async def items(client):
    answer = await bounded(client.make_iq_get(queryxmlns="jabber:iq:roster").send(), "the roster")
    found = answer.xml.findall("{jabber:iq:roster}query/{jabber:iq:roster}item")
    return {item.get("jid"): (item.get("name"), item.get("subscription"),
            sorted(group.text for group in item.findall("{jabber:iq:roster}group"))) for item in found}


async def roster_between_devices():
    phone, laptop = await Peer(ONE + "/phone").login(), await Peer(ONE + "/laptop").login()
    await bounded(phone.client_roster.update(TWO, name="Two", groups=["Friends", "Family"]), "the result of a set")
    for device in (phone, laptop):
        push = await device.push(TWO)
        assert (push["name"], push["subscription"], push["groups"]) == ("Two", "none", ["Family", "Friends"]), push
    assert await items(laptop) == {TWO: ("Two", "none", ["Family", "Friends"])}

    await bounded(laptop.client_roster.update(TWO, name="The second", groups=[]), "the result of a set")
    for device in (phone, laptop):
        push = await device.push(TWO)
        assert (push["name"], push["groups"]) == ("The second", []), push

    await bounded(phone.client_roster.update(TWO, subscription="remove", groups=[]), "the result of a set")
    assert (await laptop.push(TWO))["subscription"] == "remove"
    assert await items(laptop) == {}
    assert await refused(phone.client_roster.update(TWO, subscription="remove", groups=[])) == "item-not-found"


async def roster_versions():
    client = await Peer(ONE).login()
    assert "rosterver" in client.features
    await bounded(client.client_roster.update(TWO, name="Two", groups=[]), "the result of a set")
    version = (await client.push(TWO))["groups"] is not None and client.client_roster.version
    assert version
    iq = client.make_iq_get(queryxmlns="jabber:iq:roster")
    iq.xml.find("{jabber:iq:roster}query").set("ver", version)
    answer = await bounded(iq.send(), "the roster")
    # XEP-0237 §2.3: nothing has changed, so nothing is said.
    assert answer.xml.find("{jabber:iq:roster}query") is None, answer


async def both_subscribe():
    one, two = await Peer(ONE).login(), await Peer(TWO).login()
    await befriend(one, two)
    assert (await items(one))[TWO][1] == "both"
    assert (await items(two))[ONE][1] == "both"

    one.send_presence(pshow="away", pstatus="at the window")
    presence = await two.presence(one.boundjid.full)
    assert (presence["show"], presence["status"]) == ("away", "at the window"), presence

    await one.logout()
    await two.presence(one.boundjid.full, "unavailable")
    # Each learns of the other at the login.
    one = await Peer(ONE).login()
    await one.presence(two.boundjid.full)
    await two.presence(one.boundjid.full)
    # A connection that breaks is an end too.
    await one.cut()
    await two.presence(one.boundjid.full, "unavailable")


async def one_subscribes():
    """Presence goes to who is subscribed to it, and to nobody else."""
    one, two = await Peer(ONE).login(), await Peer(TWO).login()
    one.send_presence(pto=TWO, ptype="subscribe")
    await two.presence(ONE, "subscribe")
    assert (await one.push(TWO)).get("ask") == "subscribe"
    two.send_presence(pto=ONE, ptype="subscribed")
    await one.presence(TWO, "subscribed")
    await one.presence(two.boundjid.full)
    assert (await items(one))[TWO][1] == "to"
    assert (await items(two))[ONE][1] == "from"
    one.send_presence(pstatus="nobody sees this")
    two.send_presence(pstatus="somebody sees this")
    assert (await one.presence(two.boundjid.full))["status"] == "somebody sees this"
    one.say(TWO, "fence")
    await two.message("fence")
    seen = [stanza for stanza in two.inbox if stanza.name == "presence" and stanza["from"].bare == ONE]
    assert not seen, seen


async def refusal():
    one, two = await Peer(ONE).login(), await Peer(TWO).login()
    one.send_presence(pto=TWO, ptype="subscribe")
    await two.presence(ONE, "subscribe")
    two.send_presence(pto=ONE, ptype="unsubscribed")
    await one.presence(TWO, "unsubscribed")
    assert (await items(one))[TWO][1] == "none"
    assert ONE not in await items(two)


async def cancelled_subscriptions():
    one, two = await Peer(ONE).login(), await Peer(TWO).login()
    await befriend(one, two)
    one.send_presence(pto=TWO, ptype="unsubscribe")
    await two.presence(ONE, "unsubscribe")
    await one.presence(two.boundjid.full, "unavailable")
    assert (await items(one))[TWO][1] == "from"
    one.send_presence(pto=TWO, ptype="unsubscribed")
    await two.presence(ONE, "unsubscribed")
    await two.presence(one.boundjid.full, "unavailable")
    assert (await items(one))[TWO][1] == "none"
    assert (await items(two))[ONE][1] == "none"


async def removed_contact():
    one, two = await Peer(ONE).login(), await Peer(TWO).login()
    await befriend(one, two)
    await bounded(one.client_roster.update(TWO, subscription="remove", groups=[]), "the result of a set")
    await two.presence(ONE, "unsubscribe")
    await two.presence(ONE, "unsubscribed")
    await two.presence(one.boundjid.full, "unavailable")
    assert (await items(two))[ONE][1] == "none"
    assert TWO not in await items(one)


async def request_to_somebody_offline():
    one = await Peer(ONE).login()
    one.send_presence(pto=TWO, ptype="subscribe", pstatus="It is me")
    await one.push(TWO)
    # It comes at each login until it is answered.
    for _ in range(2):
        two = await Peer(TWO).login()
        request = await two.presence(ONE, "subscribe")
        assert request["status"] == "It is me", request
        await two.logout()
    two = await Peer(TWO).login()
    await two.presence(ONE, "subscribe")
    two.send_presence(pto=ONE, ptype="subscribed")
    await one.presence(two.boundjid.full)


async def directed_presence():
    one, two = await Peer(ONE).login(), await Peer(TWO).login()
    one.send_presence(pto=two.boundjid.full, pstatus="for you only")
    assert (await two.presence(one.boundjid.full))["status"] == "for you only"
    # Who got it is told of the end, subscribed or not.
    await one.cut()
    await two.presence(one.boundjid.full, "unavailable")


async def stranger():
    """A stranger cannot tell whether somebody is there, whatever is asked."""
    one, three = await Peer(ONE + "/here").login(), await Peer(THREE).login()
    three.send_presence(pto=ONE, ptype="probe")
    seen = set()
    for jid in (ONE + "/here", ONE + "/absent", "user2@localhost/absent", "nobody@localhost/absent"):
        seen.add(await refused(three.plugin["xep_0030"].get_info(jid=jid)))
    assert seen == {"service-unavailable"}, seen
    await three.ping()
    told = [s for s in three.inbox if s.name == "presence" and s["from"].bare == ONE and s.xml.get("type") is None]
    assert not told, told
    one.say(THREE, "fence")
    await three.message("fence")


async def own_devices():
    phone = await Peer(ONE + "/phone").login()
    laptop = await Peer(ONE + "/laptop").login()
    await phone.presence(ONE + "/laptop")
    await laptop.presence(ONE + "/phone")
    await laptop.logout()
    await phone.presence(ONE + "/laptop", "unavailable")


peer.run(globals())

"""In a room of somebody else's server, with a client of Stonechat, which makes the room and says what is next."""
from xml.etree import ElementTree as ET

import peer
from peer import Peer, bounded

ROOM, OTHER = "coven@rooms.localhost", "heath@rooms.localhost"
USER = "{http://jabber.org/protocol/muc#user}"


def codes(stanza):
    return {int(status.get("code")) for status in stanza.xml.iter(USER + "status")}


def said(text):
    return lambda stanza: (stanza.name == "message" and stanza.xml.get("type") == "groupchat"
                           and stanza.xml.findtext("{jabber:client}body") == text)


def gone(code):
    return lambda stanza: (stanza.name == "presence" and stanza.xml.get("type") == "unavailable"
                           and code in codes(stanza))


async def company():
    two = await Peer("user2@localhost", plugins=("0045", "0249")).login()
    muc = two.plugin["xep_0045"]
    await bounded(muc.join_muc_wait(ROOM, "secondwitch"), "to be let in")
    await two.expect("a message to all", said("When shall we three meet again?"))
    two.send_message(mto=ROOM, mbody="In thunder, lightning, or in rain?", mtype="groupchat")
    await two.expect("its reflection", said("In thunder, lightning, or in rain?"))
    two.send_message(mto=ROOM + "/firstwitch", mbody="I'll give thee a wind.", mtype="chat")
    whisper = await two.message("Th'art kind.", ROOM)
    assert whisper["from"].resource == "firstwitch" and whisper["type"] == "chat", whisper
    renamed = await two.expect("a new nickname", gone(303))
    assert renamed.xml.find(f"{USER}x/{USER}item").get("nick") == "oldhag", renamed
    await two.expect("a subject", lambda stanza: stanza.xml.findtext("{jabber:client}subject") == "Fire Burn")

    await bounded(muc.join_muc_wait(OTHER, "secondwitch"), "to be let in to a room of its own")
    await bounded(muc.set_room_config(OTHER, two.plugin["xep_0004"].make_form(ftype="submit")), "the room to be open")
    muc.invite(OTHER, "user1@localhost", "Hail")
    declined = await two.expect("a refusal", lambda stanza: stanza.xml.find(f"{USER}x/{USER}decline") is not None)
    decline = declined.xml.find(f"{USER}x/{USER}decline")
    assert decline.get("from").startswith("user1@localhost") and decline.findtext(USER + "reason") == "No", declined

    kicked = await two.expect("a kick", gone(307))
    assert 110 in codes(kicked), kicked
    assert kicked.xml.findtext(f"{USER}x/{USER}item/{USER}reason") == "Avaunt", kicked
    await two.logout()


async def witch():
    two = await Peer("user2@localhost", plugins=("0045", "0249")).login()
    muc = two.plugin["xep_0045"]
    await bounded(muc.join_muc_wait(ROOM, "secondwitch"), "to be let in")
    say = lambda room, text: two.send_message(mto=room, mbody=text, mtype="groupchat")
    await two.expect("a message to all", said("When shall we three meet again?"))
    say(ROOM, "In thunder, lightning, or in rain?")
    await two.expect("a word for us", said("secondwitch: helo"))
    corrected = await two.expect("a correction", said("secondwitch: hello"))
    assert corrected.xml.find("{urn:xmpp:message-correct:0}replace") is not None, corrected
    await two.expect("a subject", lambda stanza: stanza.xml.findtext("{jabber:client}subject") == "Fire Burn")

    await two.message("now", "user1@localhost")
    say(ROOM, "Fair is foul")
    say(ROOM, "Firstwitch, where hast thou been?")
    await two.expect("an answer", said("killing swine"))
    await bounded(muc.join_muc_wait(OTHER, "secondwitch"), "to be let in to a room of its own")
    await bounded(muc.set_room_config(OTHER, two.plugin["xep_0004"].make_form(ftype="submit")), "the room to be open")
    muc.invite(OTHER, "user1@localhost", "Hail")
    await two.presence(OTHER + "/user1")
    invited = await two.expect("an invitation", lambda stanza: stanza.xml.find(f"{USER}x/{USER}invite") is not None)
    assert invited["from"].bare == OTHER, invited
    assert invited.xml.findtext(f"{USER}x/{USER}invite/{USER}reason") == "come and dance", invited
    say(OTHER, "no need")
    await two.presence(OTHER + "/user1", "unavailable")

    await two.presence(ROOM + "/firstwitch", "unavailable")
    say(ROOM, "Are you gone?")
    await two.expect("the own words", said("Are you gone?"))
    print("gone")
    await two.presence(ROOM + "/firstwitch")
    await two.expect("an answer", said("no"))
    await two.logout()


def given(stanza):
    """The id that the room has given to a message."""
    ids = [sid.get("id") for sid in stanza.xml.findall("{urn:xmpp:sid:0}stanza-id") if sid.get("by") == ROOM]
    assert len(ids) == 1, stanza
    return ids[0]


async def cauldron():
    """Answers, reactions, what is taken back and what is said to one alone."""
    two = await Peer("user2@localhost", plugins=("0045",)).login()
    await bounded(two.plugin["xep_0045"].join_muc_wait(ROOM, "secondwitch"), "to be let in")

    def say(text, *children, to=ROOM, kind="groupchat"):
        message = two.make_message(mto=to, mbody=text, mtype=kind)
        message["id"] = two.new_id()
        for child in children:
            message.xml.append(ET.fromstring(child))
        message.send()

    def with_child(name):
        return lambda stanza: (stanza.name == "message" and stanza.xml.find(name) is not None
                               and stanza["from"].resource == "firstwitch")

    toil = given(await two.expect("the first words", said("Double, double toil and trouble")))
    say("> Double, double toil and trouble\nFire burn", f"<reply xmlns='urn:xmpp:reply:0' id='{toil}' to='{ROOM}/firstwitch'/>",
        "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='34'/></fallback>")
    fire = given(await two.expect("the own words", lambda stanza: stanza["body"].endswith("Fire burn")))
    say(None, f"<reactions xmlns='urn:xmpp:reactions:0' id='{toil}'><reaction>\U0001f525</reaction></reactions>")

    answer = await two.expect("an answer", with_child("{urn:xmpp:reply:0}reply"))
    reply = answer.xml.find("{urn:xmpp:reply:0}reply")
    assert (reply.get("id"), reply.get("to")) == (fire, ROOM + "/secondwitch"), answer
    assert answer["body"] == "> Fire burn\nand cauldron bubble" and answer["type"] == "groupchat", answer
    reactions = (await two.expect("a reaction", with_child("{urn:xmpp:reactions:0}reactions"))).xml
    reactions = reactions.find("{urn:xmpp:reactions:0}reactions")
    assert reactions.get("id") == fire and [one.text for one in reactions] == ["\U0001f422"], reactions
    retract = await two.expect("a retraction", with_child("{urn:xmpp:message-retract:1}retract"))
    assert retract.xml.find("{urn:xmpp:message-retract:1}retract").get("id") == given(answer), retract
    # The own words, and somebody else's.
    say("/me takes it back", f"<retract xmlns='urn:xmpp:message-retract:1' id='{fire}'/>")
    say("/me takes that back", f"<retract xmlns='urn:xmpp:message-retract:1' id='{toil}'/>")

    wind = await two.message("I will give thee a wind", ROOM)
    assert (wind["from"].resource, wind["type"]) == ("firstwitch", "chat"), wind
    say("And I another", f"<reply xmlns='urn:xmpp:reply:0' id='{wind['id']}' to='{ROOM}/firstwitch'/>",
        to=ROOM + "/firstwitch", kind="chat")
    rest = await two.expect("an answer to that", lambda stanza: stanza["body"].endswith("all the other"))
    assert (rest["from"].resource, rest["type"]) == ("firstwitch", "chat"), rest

    for number in range(60):
        say(f"thrice {number}")
    await two.expect("the last of them", said("thrice 59"))
    await two.presence(ROOM + "/firstwitch", "unavailable")
    await two.presence(ROOM + "/firstwitch")
    await two.expect("the end", said("peace"))
    await two.logout()


peer.run(globals())

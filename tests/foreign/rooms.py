"""In a room of somebody else's server, with a client of Stonechat, which makes the room and says what is next."""
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


peer.run(globals())

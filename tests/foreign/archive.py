"""The archive of an account (XEP-0313) with stanza ids (XEP-0359)."""
import peer
from peer import JID, Peer, bounded

ONE, TWO = "user1@localhost", "user2@localhost"
COUNT = 25
PLUGINS = ("0004", "0050", "0059", "0297", "0313", "0359")
SID = "{urn:xmpp:sid:0}stanza-id"


async def archived(client, **query):
    """The bodies and ids of all that matches, ten messages a page, in the order of the archive."""
    async def collect():
        pages = client.plugin["xep_0313"].iterate(rsm={"max": 10}, **query)
        results = [message["mam_result"] async for message in pages]
        return [(result["forwarded"]["stanza"]["body"], result["id"]) for result in results]
    found = await bounded(collect(), "the archive")
    if query.get("reverse"):
        found.reverse()
    return [body for body, _ in found], [number for _, number in found]


async def both_directions():
    one, two = [await Peer(jid, plugins=PLUGINS).login() for jid in (ONE, TWO)]
    for number in range(COUNT):
        one.say(TWO, f"message {number}")
    last = await two.message(f"message {COUNT - 1}")
    assert [found.get("by") for found in last.xml.findall(SID)] == [TWO], last
    expected = [f"message {number}" for number in range(COUNT)]
    for client, other in ((one, TWO), (two, ONE)):
        forwards, ids = await archived(client)
        assert forwards == expected, forwards
        assert len(set(ids)) == COUNT, ids
        assert await archived(client, reverse=True) == (forwards, ids)
        assert await archived(client, with_jid=JID(other)) == (forwards, ids)
        assert await archived(client, with_jid=JID("nobody@localhost"), reverse=True) == ([], [])
    # The live message carries the id under which it is archived.
    assert last.xml.find(SID).get("id") == ids[-1]
    metadata = (await bounded(two.plugin["xep_0313"].get_archive_metadata(), "the metadata"))["mam_metadata"]
    assert (metadata["start"]["id"], metadata["end"]["id"]) == (ids[0], ids[-1]), metadata


async def catching_up():
    """Who reads the archive before it becomes available is not given the same messages once more."""
    one = await Peer(ONE).login()
    missed = [f"missed {number}" for number in range(5)]
    for body in missed:
        one.say(TWO, body)
    await one.ping()
    two = await Peer(TWO, plugins=PLUGINS).login(presence=False)
    assert (await archived(two))[0] == missed
    two.inbox.clear()
    two.send_presence()
    await two.ping()
    one.say(two.boundjid.full, "live")
    await two.message("live")
    assert two.bodies() == [], two.bodies()
    # Who does not read it is given them, as ever.
    await two.logout()
    one.say(TWO, "missed again")
    await one.ping()
    two = await Peer(TWO).login()
    message = await two.message("missed again")
    assert message.xml.find(SID).get("by") == TWO, message


async def the_last_word():
    one, two = await Peer(ONE).login(), await Peer(TWO).login()
    one.say(TWO, "the last word")
    await two.message("the last word")


async def the_last_word_is_kept():
    for jid in (ONE, TWO):
        client = await Peer(jid, plugins=PLUGINS).login()
        assert (await archived(client))[0] == ["the last word"]


peer.run(globals())

"""Discovery, ping, version, time, last activity."""
import datetime

import peer
from peer import Peer, befriend, bounded, refused
from slixmpp.plugins import xep_0082

ONE, TWO = "user1@localhost", "user2@localhost"
PLUGINS = ("0012", "0092", "0202")


def identities(info):
    return {(kind, name) for kind, name, *_ in info["disco_info"]["identities"]}


async def discovery(*features):
    """`features` are those that the server has to name."""
    one = await Peer(ONE).login()
    info = await bounded(one.plugin["xep_0030"].get_info(jid="localhost"), "the server's information")
    assert ("server", "im") in identities(info), info
    missing = set(features) - set(info["disco_info"]["features"])
    assert not missing, (missing, info)
    info = await bounded(one.plugin["xep_0030"].get_info(jid=ONE), "the account's information")
    assert ("account", "registered") in identities(info), info
    await bounded(one.plugin["xep_0030"].get_items(jid="localhost"), "the server's items")
    await bounded(one.plugin["xep_0030"].get_items(jid=ONE), "the account's items")
    assert await refused(one.plugin["xep_0030"].get_info(jid="localhost", node="no-such-node")) == "item-not-found"


async def unknown_request():
    one = await Peer(ONE).login()
    for to in ("localhost", ONE, None):
        iq = one.make_iq_get(queryxmlns="urn:example:nobody-knows", ito=to)
        assert await refused(iq.send()) == "service-unavailable"


async def ping():
    one, two = await Peer(ONE).login(), await Peer(TWO).login()
    await befriend(one, two)
    for to in ("localhost", ONE, two.boundjid.full):
        await one.ping(to)
    assert await refused(one.plugin["xep_0199"].send_ping(TWO + "/absent")) == "service-unavailable"


async def version():
    one = await Peer(ONE, plugins=PLUGINS).login()
    answer = await bounded(one.plugin["xep_0092"].get_version("localhost"), "the version")
    assert "stonechat" in answer["software_version"]["name"].lower(), answer
    assert answer["software_version"]["version"], answer


async def time():
    one = await Peer(ONE, plugins=PLUGINS).login()
    answer = await bounded(one.plugin["xep_0202"].get_entity_time("localhost"), "the time")
    # Not slixmpp's own reading of it, which adds a second Z.
    utc = answer.xml.findtext("{urn:xmpp:time}time/{urn:xmpp:time}utc")
    difference = datetime.datetime.now(datetime.timezone.utc) - xep_0082.parse(utc)
    assert abs(difference) < datetime.timedelta(seconds=60), answer
    assert answer.xml.findtext("{urn:xmpp:time}time/{urn:xmpp:time}tzo"), answer


async def last_activity():
    one, two = await Peer(ONE, plugins=PLUGINS).login(), await Peer(TWO, plugins=PLUGINS).login()

    async def last(to):
        answer = await bounded(one.plugin["xep_0012"].get_last_activity(to), "the last activity")
        return answer["last_activity"]["seconds"], answer["last_activity"]["status"]

    uptime, _ = await last("localhost")
    assert 0 <= uptime < 600, uptime
    # A stranger learns nothing, nor does anybody of who does not exist.
    assert await refused(one.plugin["xep_0012"].get_last_activity(TWO)) == "forbidden"
    await befriend(one, two)
    assert (await last(TWO))[0] == 0
    two.send_presence(ptype="unavailable", pstatus="Gone to Mantua")
    await one.presence(two.boundjid.full, "unavailable")
    await two.logout()
    seconds, status = await last(TWO)
    assert 0 <= seconds < 60 and status == "Gone to Mantua", (seconds, status)


peer.run(globals())

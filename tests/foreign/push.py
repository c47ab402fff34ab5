"""Push notifications (XEP-0357). The third account is the push service."""
import peer
from peer import Peer, bounded
from slixmpp.xmlstream import ET

ONE, TWO, APP = "user1@localhost", "user2@localhost", "user3@localhost/service"
NS, PUBSUB, FORM = "urn:xmpp:push:0", "http://jabber.org/protocol/pubsub", "jabber:x:data"
SECRET = "eruio234vzxc2kla-91"


async def enable(client):
    iq = client.make_iq_set()
    request = ET.SubElement(iq.xml, f"{{{NS}}}enable", jid=APP, node="phone")
    form = ET.SubElement(request, f"{{{FORM}}}x", type="submit")
    for var, value in (("FORM_TYPE", f"{PUBSUB}#publish-options"), ("secret", SECRET)):
        ET.SubElement(ET.SubElement(form, f"{{{FORM}}}field", var=var), f"{{{FORM}}}value").text = value
    await bounded(iq.send(), "the result of enabling")


def fields(form):
    return {field.get("var"): field.findtext(f"{{{FORM}}}value") for field in form.iter(f"{{{FORM}}}field")}


async def notification(service):
    request = await service.expect("a notification", lambda s: s.xml.find(f"{{{PUBSUB}}}pubsub") is not None)
    assert request["type"] == "set" and request["from"].full == "localhost", request
    return request


async def wakes_the_service():
    one, two, service = await Peer(ONE).login(), await Peer(TWO).login(), await Peer(APP).login()
    info = await bounded(two.plugin["xep_0030"].get_info(jid=TWO), "what the account can do")
    assert NS in info["disco_info"]["features"], info
    await enable(two)
    # While somebody reads nothing is pushed.
    one.say(TWO, "read at once")
    await two.message("read at once")
    await two.logout()

    one.say(TWO, "for your eyes only")
    request = await notification(service)
    assert "eyes" not in str(request) and ONE not in str(request), request
    publish = request.xml.find(f".//{{{PUBSUB}}}publish")
    assert publish.get("node") == "phone", request
    summary = fields(publish.find(f".//{{{NS}}}notification"))
    assert (summary["FORM_TYPE"], summary["message-count"]) == ("urn:xmpp:push:summary", "1"), summary
    assert fields(request.xml.find(f".//{{{PUBSUB}}}publish-options"))["secret"] == SECRET, request

    refusal = request.reply()
    refusal["error"]["condition"] = "item-not-found"
    refusal["error"]["type"] = "cancel"
    refusal.send()
    await service.ping()
    two = await Peer(TWO).login()
    await two.message("for your eyes only")
    await two.logout()
    one.say(TWO, "again")
    await one.ping()
    await service.ping()
    again = [stanza for stanza in service.inbox if stanza.xml.find(f"{{{PUBSUB}}}pubsub") is not None]
    assert not again, again


peer.run(globals())

"""Sessions that slixmpp resumes (XEP-0198)."""
import asyncio
import os

import peer
from peer import HOST, Peer, bounded

ONE, TWO = "user1@localhost", "user2@localhost"


class Resuming(Peer):
    """A client that goes on with its session."""

    def __init__(self, jid):
        super().__init__(jid, plugins=("0198",))
        self.enabled, self.resumed = asyncio.Event(), asyncio.Event()
        self.add_event_handler("sm_enabled", lambda _: self.enabled.set())
        self.add_event_handler("session_resumed", lambda _: self.resumed.set())

    async def cut(self):
        self.gone = asyncio.get_running_loop().create_future()
        self.transport.abort()
        await bounded(self.gone, "the connection to break")

    async def resume(self):
        self.resumed.clear()
        self.connect(HOST, int(os.environ["STONECHAT_PORT"]))
        await bounded(self.resumed.wait(), "the session to be resumed")


async def after_a_cut():
    one, two = await Peer(ONE).login(), Resuming(TWO)
    await two.login()
    await bounded(two.enabled.wait(), "stream management")
    address = two.boundjid.full
    for number in range(3):
        one.say(TWO, f"before {number}")
        await two.message(f"before {number}")
        await two.cut()
        one.say(TWO, f"meanwhile {number}")
        await one.ping()
        await two.resume()
        await two.message(f"meanwhile {number}")
        two.say(ONE, f"after {number}")
        await one.message(f"after {number}")
    assert two.boundjid.full == address, (two.boundjid.full, address)
    assert two.bodies() == [], two.bodies()
    errors = [s for s in one.inbox if s.name == "message"]
    assert not errors, errors


peer.run(globals())

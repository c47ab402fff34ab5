"""In-band registration, change of the password, removal of the account."""
import peer
from peer import Peer, bounded, refused

NEW = "newcomer@localhost"


def registering(jid, password, results):
    """A client that registers before it logs in."""
    client = Peer(jid, password, plugins=("0004", "0066", "0077"), settings={"0077": {"force_registration": True}})

    async def register(_):
        iq = client.Iq()
        iq["type"] = "set"
        iq["register"]["username"] = client.boundjid.user
        iq["register"]["password"] = password
        try:
            await bounded(iq.send(), "the result of the registration")
            results.append("registered")
        except peer.IqError as error:
            results.append(error.condition)

    client.add_event_handler("register", register)
    return client


async def register():
    results = []
    client = registering(NEW, "pw-newcomer", results)
    await client.login()
    assert results == ["registered"], results
    await client.logout()
    client = Peer(NEW, "pw-newcomer")
    await client.login()
    await client.logout()
    # The name is taken now, and not given to another.
    client = registering(NEW, "pw-somebody-else", results)
    assert await client.attempt() != "session"
    assert results == ["registered", "conflict"], results
    await (await Peer(NEW, "pw-newcomer").login()).logout()


async def closed():
    """Registration is not open: not offered, and refused to who asks all the same."""
    client = Peer("user1@localhost", plugins=("0004", "0066", "0077"))
    await client.login()
    assert "register" not in client.features
    await client.logout()
    results = []
    client = registering(NEW, "pw-newcomer", results)
    assert await client.attempt() != "session"
    assert "registered" not in results, results
    client = Peer(NEW, "pw-newcomer")
    assert await client.attempt() == "refused"


async def change_password():
    client = await Peer("user1@localhost", plugins=("0004", "0066", "0077")).login()
    await bounded(client.plugin["xep_0077"].change_password("changed-password", jid="localhost"), "the result of the change")
    await client.logout()
    client = Peer("user1@localhost")
    assert await client.attempt() == "refused"
    for mechanism in ("PLAIN", "SCRAM-SHA-256"):
        client = await Peer("user1@localhost", "changed-password", mechanism=mechanism).login()
        await client.logout()


async def change_anothers_password():
    client = await Peer("user2@localhost", plugins=("0004", "0066", "0077")).login()
    iq = client.make_iq_set(ito="localhost")
    iq["register"]["username"] = "user1"
    iq["register"]["password"] = "taken-over-1"
    condition = await refused(iq.send())
    assert condition in ("not-allowed", "forbidden", "not-authorized", "bad-request"), condition
    await (await Peer("user1@localhost").login()).logout()


async def cancel():
    one = await Peer("user1@localhost/one", plugins=("0004", "0066", "0077")).login()
    other = await Peer("user1@localhost/other").login()
    await bounded(one.plugin["xep_0077"].cancel_registration(jid="localhost"), "the result of the removal")
    # The other device has no account any more.
    await bounded(other.gone, "the end of the other session")
    assert other.stream_errors == ["not-authorized"], other.stream_errors
    client = Peer("user1@localhost")
    assert await client.attempt() == "refused"


peer.run(globals())

"""Somebody who is online and answers, for the tests of other clients."""
import sys

import peer
from peer import Peer, is_message


async def echo(jid, until):
    """Says `online`; accepts every subscription and asks for one in turn; says what it gets and sends it back."""
    client = Peer(jid)
    client.auto_authorize = True
    client.auto_subscribe = True
    await client.login()
    print("online", flush=True)
    body = None
    while body != until:
        message = await client.expect("a message", lambda s: is_message(s) and s["body"])
        body = message["body"]
        print(f"from {message['from'].bare}: {body}", flush=True)
        client.say(message["from"], f"echo of {body}")
    await client.ping()
    await client.logout()


async def waiting(jid, count):
    """Says all messages that wait for an account."""
    client = await Peer(jid).login()
    for _ in range(int(count)):
        message = await client.expect("a message", lambda s: is_message(s) and s["body"])
        delayed = "delayed" if message.xml.find("{urn:xmpp:delay}delay") is not None else "new"
        print(f"{delayed} from {message['from'].bare}: {message['body']}", flush=True)
    await client.logout()


async def told_of_the_end(jid):
    """Stays until the server ends the session, and says what it was told."""
    client = await Peer(jid).login()
    print("online", flush=True)
    await peer.bounded(client.gone, "the end")
    print("told:", *client.stream_errors, flush=True)


async def write(jid, to):
    """Sends the lines of the standard input."""
    client = await Peer(jid).login()
    for line in sys.stdin:
        client.say(to, line.rstrip("\n"))
    await client.ping()
    await client.logout()


peer.run(globals())

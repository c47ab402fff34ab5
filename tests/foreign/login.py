"""Logging in, and being refused."""
import hashlib
import ssl

import peer
from peer import Peer
from slixmpp.util.sasl import client as sasl
from slixmpp.util.sasl.mechanisms import SCRAM

MECHANISMS = ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"]


def offered(client):
    return sorted(client.plugin["feature_mechanisms"].mech_list)


async def each_mechanism(tls, *expected):
    """`expected` are all mechanisms that have to be offered."""
    for mechanism in MECHANISMS:
        client = Peer("user1@localhost", tls=tls, mechanism=mechanism)
        await client.login()
        if expected:
            assert offered(client) == sorted(expected), offered(client)
        assert client.plugin["feature_mechanisms"].mech.name == mechanism
        assert client.boundjid.bare == "user1@localhost", client.boundjid
        await client.logout()


async def chosen_resource():
    client = Peer("user1@localhost/balcony")
    await client.login()
    assert client.boundjid.full == "user1@localhost/balcony", client.boundjid
    await client.logout()


class EndPoint(SCRAM):
    """slixmpp's SCRAM with another type of channel binding, as this Python's ssl has neither type for TLS 1.3."""

    def process_1(self, challenge=b""):
        super().process_1(challenge)
        if self.use_channel_binding:
            self.gs2_header = b"p=tls-server-end-point,,"
            self.client_first_message = self.gs2_header + self.client_first_message_bare
        return self.client_first_message


def binds(client, change=lambda data: data):
    """Has the client bind to the hash of the server's certificate (RFC 5929 §4)."""
    plugin = client.plugin["feature_mechanisms"]

    def credentials(required, optional):
        values = plugin._default_credentials(required, optional)
        certificate = client.socket.getpeercert(binary_form=True)
        values["channel_binding"] = change(hashlib.sha256(certificate).digest())
        return values

    plugin.sasl_callback = credentials


async def channel_binding(version):
    for name in ("SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512-PLUS"):
        sasl.MECHANISMS[name] = EndPoint
        for tls in ("starttls", "direct"):
            client = Peer("user1@localhost", tls=tls, mechanism=name)
            client.ssl_context.maximum_version = getattr(ssl.TLSVersion, version)
            binds(client)
            await client.login()
            assert client.socket.version() == version.replace("_", "."), client.socket.version()
            assert client.plugin["feature_mechanisms"].mech.name == name
            await client.logout()


async def wrong_channel_binding():
    """Somebody in the middle has another certificate than the server."""
    name = "SCRAM-SHA-256-PLUS"
    sasl.MECHANISMS[name] = EndPoint
    client = Peer("user1@localhost", mechanism=name)
    binds(client, lambda data: data[::-1])
    assert await client.attempt() == "refused"
    assert client.failures == ["not-authorized"], client.failures


async def stripped_channel_binding():
    """The client could bind, but was told of no mechanism that does: its `y` betrays who took them out."""
    client = Peer("user1@localhost", mechanism="SCRAM-SHA-256")
    plugin = client.plugin["feature_mechanisms"]

    def security(values):
        return dict(plugin._default_security(values), binding_proposed=False)

    plugin.security_callback = security
    assert await client.attempt() == "refused"
    assert client.failures == ["not-authorized"], client.failures


async def wrong_password():
    for mechanism in MECHANISMS:
        for jid in ("user1@localhost", "nobody@localhost"):
            client = Peer(jid, "pw-wrong", mechanism=mechanism)
            assert await client.attempt() == "refused", (mechanism, jid)
            # The same for an account that does not exist.
            assert client.failures == ["not-authorized"], (mechanism, jid, client.failures)
    client = Peer("user1@localhost")
    await client.login()
    await client.logout()


async def wrong_certificate(other):
    """`other` is a certificate that did not sign the server's."""
    for tls in ("starttls", "direct"):
        client = Peer("user1@localhost", tls=tls, ca=other)
        outcome = await client.attempt()
        assert outcome == "certificate", (tls, outcome)


async def wrong_name(domain):
    """The certificate is trusted, but it is not for this host, which the server serves too."""
    for tls in ("starttls", "direct"):
        client = Peer(f"user1@{domain}", tls=tls)
        outcome = await client.attempt()
        assert outcome == "certificate", (tls, outcome)


async def unknown_host():
    assert await Peer("user1@elsewhere.example").attempt() == "host-unknown"
    client = Peer("user1@elsewhere.example", tls="direct")
    client.ssl_context.check_hostname = False
    outcome = await client.attempt()
    # The handshake may fail for a name that there is no certificate for (RFC 6066 §3).
    assert outcome == "host-unknown" or outcome.startswith("connection failed"), outcome


peer.run(globals())

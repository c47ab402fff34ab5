"""The work of a client, with slixmpp: logs in, and sends messages to itself. Says as JSON what that has taken."""

import argparse
import json
import resource
import ssl
import os
import time

import slixmpp


def stamp():
    return time.process_time(), time.perf_counter()


def taken(since):
    cpu, wall = stamp()
    return {"cpu_micros": (cpu - since[0]) * 1e6, "wall_micros": (wall - since[1]) * 1e6}


def text(number):
    return (
        f"{number}: But, soft! what light through yonder window breaks? It is the east, and Juliet is the sun."
    )


class Client(slixmpp.ClientXMPP):
    def __init__(self, arguments):
        super().__init__(arguments.jid, arguments.password)
        self.begun = stamp()
        self.arguments = arguments
        self.sent = self.back = 0
        self.failure = "no session"
        self.result = {}
        self.register_plugin("xep_0198")
        self.ca_certs = os.environ["SSL_CERT_FILE"]
        self.add_event_handler("session_start", self.start)
        self.add_event_handler("message", self.heard)
        self.add_event_handler("failed_all_auth", lambda _: self.disconnect())

    def start(self, _):
        self.result["login"] = taken(self.begun)
        self.failure = "not all messages came back"
        self.begun = stamp()
        for _ in range(min(self.arguments.window, self.arguments.messages)):
            self.say()

    def say(self):
        self.send_message(mto=self.boundjid, mbody=text(self.sent), mtype="chat")
        self.sent += 1

    def heard(self, message):
        if message["body"] != text(self.back):
            self.failure = f"instead of message {self.back}: {message['body']}"
            self.disconnect()
            return
        self.back += 1
        if self.sent < self.arguments.messages:
            self.say()
        elif self.back == self.arguments.messages:
            self.result["messages"] = taken(self.begun)
            self.failure = None
            self.disconnect()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("jid")
    parser.add_argument("password")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--messages", type=int, required=True)
    parser.add_argument("--window", type=int, required=True)
    client = Client(parser.parse_args())
    client.connect("127.0.0.1", client.arguments.port)
    client.loop.run_until_complete(client.disconnected)
    if client.failure:
        raise SystemExit(client.failure)
    client.result["peak_kib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps(client.result))


main()

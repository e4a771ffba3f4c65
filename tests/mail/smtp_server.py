"""An SMTP server for tests: says what it received as lines of JSON on its standard output.

The first line is {"listening": port}; every mail is a line after it. Ends when its standard input
ends, so it cannot outlive the test. Needs the package aiosmtpd.
"""

import argparse
import asyncio
import base64
import email
import email.policy
import json
import logging
import ssl
import sys
import threading
import warnings

from aiosmtpd.smtp import SMTP, AuthResult


def tell(line):
    print(json.dumps(line), flush=True)


def part(node):
    content = {
        "type": node.get_content_type(),
        "disposition": node.get_content_disposition(),
        "filename": node.get_filename(),
    }
    if node.is_multipart():
        content["parts"] = [part(child) for child in node.iter_parts()]
    elif node.get_content_maintype() == "text" and content["disposition"] is None:
        content["text"] = node.get_content().replace("\r\n", "\n")
    else:
        content["base64"] = base64.b64encode(node.get_payload(decode=True)).decode()
    return content


class Handler:
    def __init__(self, options):
        self.options = options

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address in self.options.reject:
            return "550 5.1.1 no such mailbox"
        if address in self.options.defer:
            return "451 4.2.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        tell({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data,
            "headers": [[name, str(value)] for name, value in message.items()],
            "content": part(message),
        })
        return "250 OK"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate", help="PEM file with certificate and key")
    parser.add_argument("--wrapped", action="store_true", help="TLS from the first byte")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--reject", action="append", default=[])
    parser.add_argument("--defer", action="append", default=[])
    options = parser.parse_args()

    # The library's advice on safe set-ups is not for tests.
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)

    tls = None
    if options.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.certificate)

    def authenticate(server, session, envelope, mechanism, data):
        known = (data.login.decode(), data.password.decode()) == (options.user, options.password)
        return AuthResult(success=known, handled=False, auth_data=data.login.decode())

    def protocol():
        return SMTP(
            Handler(options),
            tls_context=None if options.wrapped else tls,
            authenticator=authenticate if options.user else None,
            auth_required=options.user is not None,
            auth_require_tls=False,
            enable_SMTPUTF8=True,
        )

    async def serve():
        wrapped = tls if options.wrapped else None
        server = await asyncio.get_running_loop().create_server(
            protocol, "127.0.0.1", options.port, ssl=wrapped
        )
        tell({"listening": server.sockets[0].getsockname()[1]})
        loop, ended = asyncio.get_running_loop(), asyncio.Event()

        def wait_for_the_end():
            sys.stdin.read()
            loop.call_soon_threadsafe(ended.set)

        threading.Thread(target=wait_for_the_end, daemon=True).start()
        await ended.wait()

    asyncio.run(serve())


if __name__ == "__main__":
    main()

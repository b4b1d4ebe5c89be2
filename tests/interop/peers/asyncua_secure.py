"""Interop server on asyncua that signs and encrypts. Usage: asyncua_secure.py PORT (0 picks a free port).

As asyncua_server.py, with Basic256Sha256 and SignAndEncrypt alone, and a new key and certificate with each start.
"""

import asyncio
import logging
import os
import sys
import tempfile
from pathlib import Path

from asyncua import Server, ua
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua_server import build, count, free_port
from cryptography.x509.oid import ExtendedKeyUsageOID

APPLICATION = "urn:openopc:interop:secure"


async def main(port):
    url = f"opc.tcp://127.0.0.1:{port or free_port()}/interop"
    server = Server()
    await server.init()
    await server.set_application_uri(APPLICATION)
    server.set_endpoint(url)
    server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = Path(folder, "key.pem"), Path(folder, "cert.der")
        use = [ExtendedKeyUsageOID.SERVER_AUTH]
        names = {"organizationName": "openopc"}
        await setup_self_signed_certificate(key, certificate, APPLICATION, "127.0.0.1", use, names)
        await server.load_certificate(str(certificate))
        await server.load_private_key(str(key))
    counter = await build(server)
    async with server:
        print(url, flush=True)
        ticking = asyncio.create_task(count(counter))
        # The test holds our stdin open; its end means the test is gone.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
        ticking.cancel()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    asyncio.run(main(int(sys.argv[1])))
    os._exit(0)

"""Checks a simulator that signs and encrypts with an asyncua client. Usage: asyncua_secure_client.py URL.

The simulator has the preset and the user `joe` with the password `secret`, and lets anonymous users in as well. Every policy
and mode it offers is tried. Prints one JSON object per check; exits 0 only if every check passed.
"""

import asyncio
import json
import logging
import os
import sys
import tempfile
import threading
from pathlib import Path

from asyncua import Client, ua
from asyncua.crypto import security_policies as policies
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from cryptography.x509.oid import ExtendedKeyUsageOID

APPLICATION = "urn:openopc:interop:client"
TIME_LIMIT = 55
POLICIES = [
    policies.SecurityPolicyBasic256Sha256,
    policies.SecurityPolicyAes128Sha256RsaOaep,
    policies.SecurityPolicyAes256Sha256RsaPss,
]
MODES = [ua.MessageSecurityMode.Sign, ua.MessageSecurityMode.SignAndEncrypt]

current = "start"


def report(check, ok, detail):
    print(json.dumps({"check": check, "ok": ok, "detail": str(detail)}), flush=True)


def give_up():
    report(current, False, f"not finished after {TIME_LIMIT} s")
    os._exit(1)


async def read(url, policy, mode, certificate, key, password):
    client = Client(url)
    client.application_uri = APPLICATION
    await client.set_security(policy, str(certificate), str(key), mode=mode)
    if password is not None:
        client.set_user("joe")
        client.set_password(password)
    async with client:
        item = client.get_node(ua.NodeId("Bucket Brigade.Int4", await client.get_namespace_index("urn:openopc:sim")))
        await item.write_value(7, ua.VariantType.Int32)
        return await item.read_value()


async def main(url):
    global current
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = Path(folder, "key.pem"), Path(folder, "cert.der")
        use = [ExtendedKeyUsageOID.CLIENT_AUTH]
        await setup_self_signed_certificate(key, certificate, APPLICATION, "localhost", use, {"organizationName": "openopc"})
        for policy in POLICIES:
            for mode in MODES:
                for password in (None, "secret", "wrong"):
                    current = f"{policy.__name__} {mode.name} {password}"
                    try:
                        value = await read(url, policy, mode, certificate, key, password)
                        ok, detail = value == 7 and password != "wrong", value
                    except ua.UaStatusCodeError as error:
                        refused = error.code == ua.StatusCodes.BadIdentityTokenRejected
                        ok, detail = password == "wrong" and refused, error
                    except Exception as error:
                        ok, detail = False, f"{type(error).__name__}: {error}"
                    failed |= not ok
                    report(current, ok, detail)
    return 1 if failed else 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.CRITICAL, stream=sys.stderr)
    timer = threading.Timer(TIME_LIMIT, give_up)
    timer.daemon = True
    timer.start()
    code = asyncio.run(main(sys.argv[1]))
    sys.stdout.flush()
    os._exit(code)

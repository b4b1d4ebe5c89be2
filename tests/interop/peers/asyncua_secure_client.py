"""Checks a simulator that signs and encrypts with an asyncua client. Usage: asyncua_secure_client.py URL.

The simulator has the preset and the user `joe` with the password `secret`, and lets anonymous users in as well. Every policy
and mode it offers is tried.
"""

from checks import require, run

import tempfile
from itertools import product
from pathlib import Path

from asyncua import Client, ua
from asyncua.crypto import security_policies as policies
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from cryptography.x509.oid import ExtendedKeyUsageOID

APPLICATION = "urn:openopc:interop:client"
POLICIES = {
    "Basic256Sha256": policies.SecurityPolicyBasic256Sha256,
    "Aes128Sha256RsaOaep": policies.SecurityPolicyAes128Sha256RsaOaep,
    "Aes256Sha256RsaPss": policies.SecurityPolicyAes256Sha256RsaPss,
}
MODES = ["Sign", "SignAndEncrypt"]
PASSWORDS = {"anonymous": None, "user": "secret", "stranger": "wrong"}


class Checks:
    def __init__(self, url):
        self.url = url
        self.folder = tempfile.TemporaryDirectory()
        self.key, self.certificate = Path(self.folder.name, "key.pem"), Path(self.folder.name, "cert.der")

    async def keys(self):
        use, names = [ExtendedKeyUsageOID.CLIENT_AUTH], {"organizationName": "openopc"}
        await setup_self_signed_certificate(self.key, self.certificate, APPLICATION, "localhost", use, names)
        return "made"

    def __getattr__(self, name):
        return lambda: self.way(*name.split())

    async def way(self, policy, mode, who):
        client = Client(self.url)
        client.application_uri = APPLICATION
        mode = ua.MessageSecurityMode[mode]
        await client.set_security(POLICIES[policy], str(self.certificate), str(self.key), mode=mode)
        if PASSWORDS[who] is not None:
            client.set_user("joe")
            client.set_password(PASSWORDS[who])
        try:
            async with client:
                namespace = await client.get_namespace_index("urn:openopc:sim")
                item = client.get_node(ua.NodeId("Bucket Brigade.Int4", namespace))
                await item.write_value(7, ua.VariantType.Int32)
                value = await item.read_value()
        except ua.UaStatusCodeError as error:
            require(who == "stranger" and error.code == ua.StatusCodes.BadIdentityTokenRejected, str(error))
            return "refused"
        require(who != "stranger" and value == 7, f"{who} reads {value}")
        return value


WAYS = [" ".join(way) for way in product(POLICIES, MODES, PASSWORDS)]
run(Checks, ["keys", *WAYS], vital=("keys",))

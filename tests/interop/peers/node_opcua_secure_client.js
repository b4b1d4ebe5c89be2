"use strict";
// Checks a simulator that signs and encrypts with a node-opcua client. Usage: node_opcua_secure_client.js URL.
// The simulator has the preset and the user `joe` with the password `secret`, and lets anonymous users in as well. Every
// policy and mode it offers is tried.

const { check, client, run } = require("./checks");
const opcua = require("node-opcua");

const POLICIES = ["Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"];
const MODES = ["Sign", "SignAndEncrypt"];
const USERS = {
    anonymous: undefined,
    user: { type: opcua.UserTokenType.UserName, userName: "joe", password: "secret" },
    stranger: { type: opcua.UserTokenType.UserName, userName: "joe", password: "wrong" },
};

async function way(url, policy, mode, who) {
    const peer = client({
        securityPolicy: opcua.SecurityPolicy[policy],
        securityMode: opcua.MessageSecurityMode[mode],
    });
    await peer.connect(url);
    try {
        let session;
        try {
            session = await peer.createSession(USERS[who]);
        } catch (error) {
            check(who === "stranger" && /BadIdentityTokenRejected/.test(error.message), error.message);
            return "refused";
        }
        check(who !== "stranger", "a wrong password is taken");
        const ns = (await session.readNamespaceArray()).indexOf("urn:openopc:sim");
        const nodeId = `ns=${ns};s=Bucket Brigade.Int4`;
        const value = { dataType: opcua.DataType.Int32, value: 7 };
        const status = await session.write({ nodeId, attributeId: opcua.AttributeIds.Value, value: { value } });
        check(status.isGood(), `the write gives ${status.name}`);
        const read = await session.read({ nodeId, attributeId: opcua.AttributeIds.Value });
        check(read.value.value === 7, `reads ${read.value.value}`);
        await session.close();
        return read.value.value;
    } finally {
        await peer.disconnect();
    }
}

class Checks {
    constructor(url) {
        this.url = url;
    }
}

const names = POLICIES.flatMap((policy) =>
    MODES.flatMap((mode) => Object.keys(USERS).map((who) => `${policy} ${mode} ${who}`))
);
for (const name of names) {
    Checks.prototype[name] = function () {
        return way(this.url, ...name.split(" "));
    };
}

run(Checks, names, []);

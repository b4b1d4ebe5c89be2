"use strict";
// Historian on node-opcua. Usage: node_opcua_history.js PORT (0 picks a free port).
// The modules are found through NODE_PATH.
//
// Its one series has a value a second from 2026-01-01 on, the number of the second.

// Standard output carries the endpoint URL only; the stack logs through console.
const print = (line) => process.stdout.write(line + "\n");
for (const name of ["log", "info", "debug", "warn"]) console[name] = console.error;

const fs = require("fs");
const net = require("net");
const os = require("os");
const path = require("path");
const opcua = require("node-opcua");
const { addAggregateSupport } = require("node-opcua-aggregates");
const { DataType, DataValue, StatusCodes, Variant } = opcua;

const URI = "urn:openopc:interop";
const START = Date.UTC(2026, 0, 1);
const VALUES = 2_500;

function freePort() {
    return new Promise((resolve, reject) => {
        const probe = net.createServer();
        probe.on("error", reject);
        probe.listen(0, "127.0.0.1", () => {
            const { port } = probe.address();
            probe.close(() => resolve(port));
        });
    });
}

async function build(server) {
    const space = server.engine.addressSpace;
    const ns = space.registerNamespace(URI);
    const node = ns.addVariable({
        organizedBy: space.rootFolder.objects,
        nodeId: "s=Memory.Double",
        browseName: { name: "Memory.Double", namespaceIndex: ns.index },
        dataType: "Double",
        accessLevel: "CurrentRead | CurrentWrite | HistoryRead",
        userAccessLevel: "CurrentRead | CurrentWrite | HistoryRead",
    });
    space.installHistoricalDataNode(node, { maxOnlineValues: VALUES + 1 });
    for (let n = 0; n < VALUES; n++) {
        const time = new Date(START + n * 1000);
        await node.varHistorian.push(
            new DataValue({
                value: new Variant({ dataType: DataType.Double, value: n }),
                // Every hundredth is uncertain.
                statusCode: n % 100 === 99 ? StatusCodes.UncertainSubNormal : StatusCodes.Good,
                sourceTimestamp: time,
                serverTimestamp: time,
            })
        );
    }
    addAggregateSupport(space);
}

async function main(port) {
    port = port || (await freePort());
    // A private PKI folder keeps concurrent runs and the user's own files apart.
    const pki = fs.mkdtempSync(path.join(os.tmpdir(), "openopc-interop-"));
    process.on("exit", () => fs.rmSync(pki, { recursive: true, force: true }));

    const server = new opcua.OPCUAServer({
        port,
        host: "127.0.0.1",
        hostname: "127.0.0.1",
        resourcePath: "/interop",
        serverCertificateManager: new opcua.OPCUACertificateManager({ rootFolder: path.join(pki, "own") }),
        userCertificateManager: new opcua.OPCUACertificateManager({ rootFolder: path.join(pki, "user") }),
        nodeset_filename: [opcua.nodesets.standard],
        securityPolicies: [opcua.SecurityPolicy.None],
        securityModes: [opcua.MessageSecurityMode.None],
        allowAnonymous: true,
    });
    await server.initialize();
    await build(server);
    await server.start();
    print(`opc.tcp://127.0.0.1:${port}/interop`);

    // The test holds our stdin open; its end means the test is gone.
    process.stdin.resume();
    process.stdin.on("end", async () => {
        // A client that is still connected must not keep us alive.
        setTimeout(() => process.exit(0), 2000);
        await server.shutdown(0);
        process.exit(0);
    });
}

main(Number(process.argv[2])).catch((error) => {
    console.error(error);
    process.exit(1);
});

"use strict";
// What the node-opcua servers share: a server on 127.0.0.1 that prints its URL once it accepts connections and ends with
// its standard input. Usage of each: SCRIPT PORT (0 picks a free port). The modules are found through NODE_PATH.
// Standard output carries the endpoint URL only; the stack logs through console, so require this first.

const print = (line) => process.stdout.write(line + "\n");
for (const name of ["log", "info", "debug", "warn"]) console[name] = console.error;

const fs = require("fs");
const net = require("net");
const os = require("os");
const path = require("path");

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

async function start(build, options) {
    const opcua = require("node-opcua");
    const port = Number(process.argv[2]) || (await freePort());
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
        ...options,
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

// `build(server)` fills the address space; `options` are those of OPCUAServer.
function serve(build, options = {}) {
    start(build, options).catch((error) => {
        console.error(error);
        process.exit(1);
    });
}

module.exports = { serve };

"use strict";
// What the clients that check the simulator share: each check is a method of one class, and prints one JSON object.
// Standard output carries the results only; the stack logs through console, so require this first.

for (const name of ["log", "info", "debug", "warn"]) console[name] = console.error;

const fs = require("fs");
const os = require("os");
const path = require("path");

const TIME_LIMIT = 55;
let current = "start";

function report(name, ok, detail) {
    // Synchronous, so that nothing is lost when the process exits.
    fs.writeSync(1, JSON.stringify({ check: name, ok, detail: String(detail) }) + "\n");
}

setTimeout(() => {
    report(current, false, `not finished after ${TIME_LIMIT} s`);
    process.exit(1);
}, TIME_LIMIT * 1000);

function check(condition, message) {
    if (!condition) throw new Error(message);
}

// A client that tries once, with a key folder of its own; `options` are those of OPCUAClient.
function client(options = {}) {
    const opcua = require("node-opcua");
    const rootFolder = fs.mkdtempSync(path.join(os.tmpdir(), "openopc-interop-"));
    process.on("exit", () => fs.rmSync(rootFolder, { recursive: true, force: true }));
    return opcua.OPCUAClient.create({
        endpointMustExist: false,
        connectionStrategy: { maxRetry: 1, initialDelay: 100 },
        clientCertificateManager: new opcua.OPCUACertificateManager({ rootFolder, automaticallyAcceptUnknownCertificate: true }),
        ...options,
    });
}

async function runAll(checks, names, vital) {
    let failed = false;
    for (current of names) {
        try {
            report(current, true, await checks[current]());
        } catch (error) {
            failed = true;
            report(current, false, error.message);
            if (vital.includes(current)) break; // nothing else can work
        }
    }
    return failed ? 1 : 0;
}

// Runs `new Checks(URL).NAME()` for each name, in order; exits 0 only if every check passed.
function run(Checks, names, vital = ["connect"]) {
    runAll(new Checks(process.argv[2]), names, vital).then(
        (code) => process.exit(code),
        (error) => {
            report(current, false, error.stack);
            process.exit(1);
        }
    );
}

module.exports = { check, client, run };

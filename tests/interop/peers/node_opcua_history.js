"use strict";
// Historian on node-opcua. Usage: node_opcua_history.js PORT (0 picks a free port).
// The modules are found through NODE_PATH.
//
// Its one series has a value a second from 2026-01-01 on, the number of the second.

const { serve } = require("./serve.js");
const opcua = require("node-opcua");
const { addAggregateSupport } = require("node-opcua-aggregates");
const { DataType, DataValue, StatusCodes, Variant } = opcua;

const URI = "urn:openopc:interop";
const START = Date.UTC(2026, 0, 1);
const VALUES = 2_500;

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

serve(build);

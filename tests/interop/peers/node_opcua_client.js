"use strict";
// Checks the simulator with a node-opcua client. Usage: node_opcua_client.js URL.
// Prints one JSON object per check; exits 0 only if every check passed.
// The modules are found through NODE_PATH.

const { check, client, run } = require("./checks.js");
const opcua = require("node-opcua");
const { AttributeIds: A, DataType, NodeClass, StatusCodes } = opcua;

const URI = "urn:openopc:sim";
const READ_BATCH = 1000;
const WANTED = ["Random.Int4", "Bucket Brigade.Int4", "Triangle Waves.Real8", "Write Only.Int4"];
// The values of these branches are meant to be unreadable.
// Annotations are read with HistoryRead alone.
const UNREADABLE = ["Write Only.", "Read Error.", "~Annotations/"];

const IDENTITY = [A.NodeId, A.NodeClass, A.BrowseName, A.DisplayName];
const OPTIONAL = [
    A.Description, A.WriteMask, A.UserWriteMask,
    A.RolePermissions, A.UserRolePermissions, A.AccessRestrictions,
];
// Attributes of each node class beyond the common ones: mandatory, optional.
const BY_CLASS = {
    [NodeClass.Object]: [[A.EventNotifier], []],
    [NodeClass.Variable]: [
        [A.Value, A.DataType, A.ValueRank, A.AccessLevel, A.UserAccessLevel, A.Historizing],
        [A.ArrayDimensions, A.MinimumSamplingInterval, A.AccessLevelEx],
    ],
    [NodeClass.Method]: [[A.Executable, A.UserExecutable], []],
    [NodeClass.ObjectType]: [[A.IsAbstract], []],
    [NodeClass.VariableType]: [[A.IsAbstract, A.DataType, A.ValueRank], [A.Value, A.ArrayDimensions]],
    [NodeClass.ReferenceType]: [[A.IsAbstract, A.Symmetric], [A.InverseName]],
    [NodeClass.DataType]: [[A.IsAbstract], [A.DataTypeDefinition]],
    [NodeClass.View]: [[A.ContainsNoLoops, A.EventNotifier], []],
};

function isBad(status) {
    return status.value >= 0x80000000;
}

async function until(condition, what, seen) {
    const end = Date.now() + 10000;
    while (!condition()) {
        check(Date.now() < end, `timed out waiting for ${what}; got ${JSON.stringify(seen)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

class Checks {
    constructor(url) {
        this.url = url;
        this.ns = -1;
        this.found = new Map(); // node id as text -> { nodeId, cls }
        this.client = client();
    }

    id(name) {
        return new opcua.NodeId(opcua.NodeIdType.STRING, name, this.ns);
    }

    value(name) {
        return this.session.read({ nodeId: this.id(name), attributeId: A.Value });
    }

    put(name, dataType, value) {
        return this.session.write({
            nodeId: this.id(name),
            attributeId: A.Value,
            value: { value: { dataType, value } },
        });
    }

    async connect() {
        await this.client.connect(this.url);
        this.session = await this.client.createSession();
        return "policy None, anonymous";
    }

    async namespace() {
        this.ns = (await this.session.readNamespaceArray()).indexOf(URI);
        check(this.ns > 0, "not in the namespace array");
        return `index ${this.ns}`;
    }

    async browse() {
        const objects = opcua.resolveNodeId("i=85");
        this.found.set(objects.toString(), { nodeId: objects, cls: NodeClass.Object });
        const todo = [objects];
        while (todo.length > 0) {
            let result = await this.session.browse({
                nodeId: todo.pop(),
                browseDirection: opcua.BrowseDirection.Forward,
                referenceTypeId: "HierarchicalReferences",
                includeSubtypes: true,
                nodeClassMask: 0,
                resultMask: 63,
            });
            for (;;) {
                check(result.statusCode.isGood(), `browse gives ${result.statusCode.name}`);
                for (const ref of result.references || []) {
                    const { identifierType, value, namespace, serverIndex } = ref.nodeId;
                    const target = new opcua.NodeId(identifierType, value, namespace);
                    if (serverIndex || this.found.has(target.toString())) continue;
                    this.found.set(target.toString(), { nodeId: target, cls: ref.nodeClass });
                    todo.push(target);
                }
                if (!result.continuationPoint || result.continuationPoint.length === 0) break;
                result = await this.session.browseNext(result.continuationPoint, false);
            }
        }
        const own = this.own().map((node) => node.nodeId.value);
        const missing = WANTED.filter((name) => !own.includes(name));
        check(missing.length === 0, `${this.found.size} nodes, but not ${missing}`);
        check(this.found.has(opcua.resolveNodeId("i=2253").toString()), "the Server object is missing");
        return `${this.found.size} nodes, ${own.length} in ${URI}`;
    }

    own() {
        return [...this.found.values()].filter((node) => node.nodeId.namespace === this.ns);
    }

    async attributes() {
        check(this.found.size > 0, "nothing was browsed");
        const reads = [];
        for (const { nodeId, cls } of this.found.values()) {
            let ids = IDENTITY;
            if (nodeId.namespace === this.ns) ids = [...IDENTITY, ...OPTIONAL, ...BY_CLASS[cls].flat()];
            for (const attributeId of ids) reads.push({ nodeId, attributeId, cls });
        }
        const problems = [];
        for (let start = 0; start < reads.length; start += READ_BATCH) {
            const batch = reads.slice(start, start + READ_BATCH);
            const results = await this.session.read(batch.map(({ nodeId, attributeId }) => ({ nodeId, attributeId })));
            check(results.length === batch.length, `${results.length} results for ${batch.length} reads`);
            batch.forEach(({ nodeId, attributeId, cls }, i) => {
                const status = results[i].statusCode;
                if (!isBad(status)) {
                    if (attributeId === A.NodeClass && results[i].value.value !== cls)
                        problems.push(`${nodeId} NodeClass ${results[i].value.value}`);
                    return;
                }
                const optional = !IDENTITY.includes(attributeId) && !BY_CLASS[cls][0].includes(attributeId);
                if (optional && status.value === StatusCodes.BadAttributeIdInvalid.value) return;
                if (attributeId === A.Value && UNREADABLE.some((p) => String(nodeId.value).startsWith(p))) return;
                problems.push(`${nodeId} ${A[attributeId]} ${status.name}`);
            });
        }
        check(problems.length === 0, `${problems.length} of ${reads.length}: ${problems.slice(0, 10).join("; ")}`);
        return `${reads.length} attributes of ${this.found.size} nodes`;
    }

    async read() {
        const result = await this.value("Random.Int4");
        check(result.statusCode.isGood(), result.statusCode.name);
        check(result.value.dataType === DataType.Int32, result.value);
        const clock = await this.session.read({ nodeId: "i=2258", attributeId: A.Value });
        check(clock.statusCode.isGood(), clock.statusCode.name);
        const off = Math.abs(Date.now() - clock.value.value.getTime());
        check(off < 60000, `the server's clock is off by ${off} ms`);
        return `Random.Int4 = ${result.value.value}, clock off by ${off} ms`;
    }

    async read_many() {
        const leaves = this.own().filter((node) => node.cls === NodeClass.Variable);
        check(leaves.length > 0, "no leaves were browsed");
        const results = await this.session.read(leaves.map(({ nodeId }) => ({ nodeId, attributeId: A.Value })));
        check(results.length === leaves.length, `${results.length} results for ${leaves.length} nodes`);
        return `${results.length} values in one Read`;
    }

    async write() {
        let status = await this.put("Bucket Brigade.Int4", DataType.Int32, 123);
        check(status.isGood(), `Int4 gives ${status.name}`);
        let back = (await this.value("Bucket Brigade.Int4")).value;
        check(back.value === 123 && back.dataType === DataType.Int32, `Int4 reads back ${back}`);
        const sent = [1.5, -2.25, 1e300];
        status = await this.put("Bucket Brigade.ArrayOfReal8", DataType.Double, sent);
        check(status.isGood(), `ArrayOfReal8 gives ${status.name}`);
        back = (await this.value("Bucket Brigade.ArrayOfReal8")).value;
        check(String([...back.value]) === String(sent), `ArrayOfReal8 reads back ${back}`);
        return "Int32 scalar and Double array";
    }

    async wrong_type() {
        const before = (await this.value("Bucket Brigade.Int4")).value.value;
        const status = await this.put("Bucket Brigade.Int4", DataType.String, "text");
        check(status.equals(StatusCodes.BadTypeMismatch), `got ${status.name}`);
        const after = (await this.value("Bucket Brigade.Int4")).value.value;
        check(after === before, `the value changed from ${before} to ${after}`);
        return status.name;
    }

    async not_writable() {
        const status = await this.put("Random.Int4", DataType.Int32, 1);
        check(status.equals(StatusCodes.BadNotWritable), `got ${status.name}`);
        return status.name;
    }

    async write_only() {
        const { statusCode } = await this.value("Write Only.Int4");
        check(statusCode.equals(StatusCodes.BadNotReadable), `got ${statusCode.name}`);
        return statusCode.name;
    }

    async unknown_node() {
        const { statusCode } = await this.value("No.Such");
        check(statusCode.equals(StatusCodes.BadNodeIdUnknown), `got ${statusCode.name}`);
        return statusCode.name;
    }

    async find_alias() {
        const call = (pattern) => this.session.call({
            objectId: "i=23470",
            methodId: "i=23476",
            inputArguments: [
                { dataType: DataType.String, value: pattern },
                { dataType: DataType.NodeId, value: opcua.resolveNodeId("i=23469") },
            ],
        });
        const result = await call("Old.%");
        check(result.statusCode.isGood(), result.statusCode.name);
        const found = result.outputArguments[0].value;
        check(found.length === 1 && found[0].aliasName.name === "Old.Int4", JSON.stringify(found));
        const [node] = found[0].referencedNodes;
        check(node.value === "Random.Int4" && node.namespace === this.ns, node);
        const none = await call("Nothing");
        check(none.outputArguments[0].value.length === 0, JSON.stringify(none));
        const wrong = await call("[");
        check(wrong.statusCode.equals(StatusCodes.BadInvalidArgument), wrong.statusCode.name);
        return `Old.Int4 is ${node}`;
    }

    async subscribe() {
        // An earlier run may have left 77 there, which would then not change.
        let status = await this.put("Bucket Brigade.Int2", DataType.Int16, 0);
        check(status.isGood(), `Int2 gives ${status.name}`);
        const subscription = await this.session.createSubscription2({
            requestedPublishingInterval: 100,
            requestedLifetimeCount: 1000,
            requestedMaxKeepAliveCount: 10,
            maxNotificationsPerPublish: 0,
            publishingEnabled: true,
            priority: 0,
        });
        const seen = { wave: [], item: [] };
        for (const [key, name] of [["wave", "Triangle Waves.Real8"], ["item", "Bucket Brigade.Int2"]]) {
            const monitored = await subscription.monitor(
                { nodeId: this.id(name), attributeId: A.Value },
                { samplingInterval: 100, queueSize: 10, discardOldest: true },
                opcua.TimestampsToReturn.Both
            );
            check(monitored.statusCode.isGood(), `cannot monitor ${name}: ${monitored.statusCode.name}`);
            monitored.on("changed", (dataValue) => seen[key].push(dataValue.value.value));
        }
        await until(() => seen.wave.length > 0 && seen.item.length > 0, "the initial values", seen);
        check(seen.item[0] === 0, `Int2 starts with ${seen.item}`);
        await until(() => seen.wave.length >= 4, "three changes of the wave", seen);
        status = await this.put("Bucket Brigade.Int2", DataType.Int16, 77);
        check(status.isGood(), `Int2 gives ${status.name}`);
        await until(() => seen.item.includes(77), "the written value", seen);
        await subscription.terminate();
        return `wave ${seen.wave.slice(0, 6).join(", ")}; Int2 ${seen.item.join(", ")}`;
    }

    async disconnect() {
        await this.session.close();
        await this.client.disconnect();
        return "closed";
    }
}

run(
    Checks,
    [
        "connect", "namespace", "browse", "attributes", "read", "read_many", "write",
        "wrong_type", "not_writable", "write_only", "unknown_node", "find_alias", "subscribe", "disconnect",
    ],
    ["connect", "namespace"]
);

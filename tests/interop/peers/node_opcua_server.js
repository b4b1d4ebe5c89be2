"use strict";
// Interop server on node-opcua. Usage: node_opcua_server.js PORT (0 picks a free port).
// The modules are found through NODE_PATH.

const { serve } = require("./serve.js");
const fs = require("fs");
const path = require("path");
const opcua = require("node-opcua");
const { DataType, Variant, VariantArrayType } = opcua;

const URI = "urn:openopc:interop";
const MASS = 5000;

const bigToPair = (text) => {
    // 64-bit integers are [high, low] pairs of 32-bit words in this stack.
    const bits = BigInt.asUintN(64, BigInt(text));
    return [Number(bits >> 32n), Number(bits & 0xffffffffn)];
};

const expandedNodeId = (text) => {
    const match = /^nsu=([^;]*);(.*)$/.exec(text);
    const id = opcua.resolveNodeId(match ? match[2] : text);
    const uri = match ? match[1] : null;
    return new opcua.ExpandedNodeId(id.identifierType, id.value, id.namespace, uri, 0);
};

const CONVERT = {
    Int64: bigToPair,
    UInt64: bigToPair,
    DateTime: (v) => new Date(v),
    ByteString: (v) => Buffer.from(v, "hex"),
    NodeId: (v) => opcua.resolveNodeId(v),
    ExpandedNodeId: expandedNodeId,
    StatusCode: (v) => opcua.coerceStatusCode(v),
    QualifiedName: (v) => new opcua.QualifiedName({ namespaceIndex: v.namespace, name: v.name }),
    LocalizedText: (v) => new opcua.LocalizedText(v),
    Structure: (v) => new opcua.Range(v),
};

function loadValues() {
    const raw = JSON.parse(fs.readFileSync(path.join(__dirname, "values.json"), "utf8"));
    return Object.entries(raw).map(([name, values]) => [name, values.map(CONVERT[name] || ((v) => v))]);
}

const builtin = (name) => (name === "Structure" ? DataType.ExtensionObject : DataType[name]);
const dataType = (name) => (name === "Structure" ? "Range" : name);

/** Values of data types that only this server has, the same as on asyncua but for the union. */
function structures(space, ns, variable) {
    const make = (name, rest) =>
        space.constructExtensionObject(space.findDataType("Pump", ns.index), {
            name,
            speed: 1450,
            mode: 2,
            position: { x: 1.5, y: -2.5 },
            track: [{ x: 0, y: 0.1 }, { x: 3, y: 4 }],
            codes: [1, 2, 255],
            serviced: new Date("2024-02-29T12:34:56.789Z"),
            ...rest,
        });
    const dataType = DataType.ExtensionObject;
    const one = make("P1 ✓", { limit: 9.5 });
    variable("Struct.Pump", "Pump", new Variant({ dataType, value: one }));
    const many = [make("P1", {}), make("P2", { note: "spare" })];
    variable("Struct.Pumps", "Pump", new Variant({ dataType, arrayType: VariantArrayType.Array, value: many }), [0]);
    variable("Struct.Mode", "Mode", new Variant({ dataType: DataType.Int32, value: 2 }));
}

function build(server) {
    const space = server.engine.addressSpace;
    // It came with the data types of structures.NodeSet2.xml.
    const ns = space.getNamespace(URI);
    const browseName = (name) => ({ name, namespaceIndex: ns.index });

    const folder = (parent, name) =>
        ns.addFolder(parent, { nodeId: `s=${name}`, browseName: browseName(name) });

    const variable = (parent, name, type, variant, options = {}) => {
        const access = options.writable ? "CurrentRead | CurrentWrite" : "CurrentRead";
        const dims = options.dimensions;
        return ns.addVariable({
            componentOf: parent,
            nodeId: `s=${name}`,
            browseName: browseName(options.browseName || name),
            dataType: dataType(type),
            valueRank: dims ? dims.length : -1,
            arrayDimensions: dims,
            accessLevel: access,
            userAccessLevel: access,
            minimumSamplingInterval: 0,
            value: variant,
        });
    };

    const scalar = (type, value) =>
        new Variant({ dataType: builtin(type), arrayType: VariantArrayType.Scalar, value });
    const array = (type, value) =>
        new Variant({ dataType: builtin(type), arrayType: VariantArrayType.Array, value });

    const root = folder(space.rootFolder.objects, "Interop");
    for (const [name, values] of loadValues()) {
        variable(root, `Scalar.${name}`, name, scalar(name, values[0]), { writable: true });
        variable(root, `Array.${name}`, name, array(name, values), { writable: true, dimensions: [0] });
    }
    variable(root, "Array.Empty", "Int32", array("Int32", []), { writable: true, dimensions: [0] });

    for (const [name, Cells] of [["Double", Float64Array], ["Int32", Int32Array]]) {
        const matrix = new Variant({
            dataType: builtin(name),
            arrayType: VariantArrayType.Matrix,
            dimensions: [2, 3],
            value: Cells.from([1, 2, 3, 4, 5, 6]),
        });
        variable(root, `Matrix.${name}`, name, matrix, { writable: true, dimensions: [2, 3] });
    }

    variable(root, "ReadOnly.Int32", "Int32", scalar("Int32", 7));
    const counter = variable(root, "Counter.Int32", "Int32", scalar("Int32", 0));

    for (const name of ["Dup1", "Dup2"]) {
        const value = scalar("Int32", Number(name.at(-1)));
        variable(folder(root, name), `${name}.Twin`, "Int32", value, { writable: true, browseName: "Twin" });
    }

    const described = (name) => ({
        componentOf: root,
        nodeId: `s=${name}`,
        browseName: browseName(name),
        description: `${name} of the plant`,
    });
    const analog = ns.addAnalogDataItem({
        ...described("Analog.Double"),
        dataType: "Double",
        minimumSamplingInterval: 250,
        engineeringUnitsRange: { low: 0, high: 100 },
        instrumentRange: { low: -50, high: 150 },
        engineeringUnits: opcua.standardUnits.degree_celsius,
        valuePrecision: 0.5,
        value: { get: () => scalar("Double", 21.5) },
    });
    ns.addVariable({
        propertyOf: analog,
        nodeId: "s=Analog.Double.Serial",
        browseName: browseName("Serial"),
        dataType: "String",
        value: scalar("String", "A-17"),
    });
    ns.addTwoStateDiscrete({
        ...described("TwoState.Boolean"),
        trueState: "running",
        falseState: "stopped",
        value: true,
    });
    ns.addMultiStateDiscrete({
        ...described("MultiState.UInt32"),
        enumStrings: ["closed", "opening", "open"],
        value: 1,
    });
    ns.addMultiStateValueDiscrete({
        ...described("MultiStateValue.Int32"),
        dataType: "Int32",
        enumValues: [
            { displayName: "two", value: 2 },
            { displayName: "seven", value: 7 },
        ],
        value: 7,
    });
    // Named by its data type.
    ns.addVariable({
        ...described("Enum.Int32"),
        dataType: "ServerState",
        value: scalar("Int32", 3),
    });

    structures(space, ns, (name, type, variant, dims) => {
        const node = space.findDataType(type, ns.index);
        return ns.addVariable({
            componentOf: root,
            nodeId: `s=${name}`,
            browseName: browseName(name),
            dataType: node,
            valueRank: dims ? 1 : -1,
            arrayDimensions: dims,
            accessLevel: "CurrentRead | CurrentWrite",
            userAccessLevel: "CurrentRead | CurrentWrite",
            minimumSamplingInterval: 0,
            value: variant,
        });
    });

    const mass = folder(root, "Mass");
    for (let i = 0; i < MASS; i++) variable(mass, `Mass.${i}`, "Int32", scalar("Int32", i));

    let count = 0;
    const ticking = setInterval(() => {
        count = (count + 1) & 0x7fffffff;
        counter.setValueFromSource(scalar("Int32", count));
    }, 100);
    process.stdin.on("end", () => clearInterval(ticking));
}

serve(build, {
    nodeset_filename: [opcua.nodesets.standard, path.join(__dirname, "structures.NodeSet2.xml")],
    serverInfo: { applicationUri: "urn:openopc:interop:node-opcua" },
    buildInfo: { productName: "openopc interop (node-opcua)" },
});

"""Interop server on o6 (open62541). Usage: o6_server.py PORT (0 picks a free port)."""

import asyncio
import json
import logging
import os
import socket
import sys
from datetime import datetime
from pathlib import Path
from uuid import UUID

# The stack prints a banner when it is imported; standard output carries the
# endpoint URL only, so everything else goes to standard error.
OUT = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import numpy as np  # noqa: E402
import o6  # noqa: E402
from o6.ns import ns0  # noqa: E402

URI = "urn:openopc:interop"
MASS = 5000

# The name under which the stack's own registry knows the namespace.
o6.ns.namespace("interop", uri=URI)

CONVERT = {
    "Boolean": o6.Boolean,
    "SByte": o6.SByte,
    "Byte": o6.Byte,
    "Int16": o6.Int16,
    "UInt16": o6.UInt16,
    "Int32": o6.Int32,
    "UInt32": o6.UInt32,
    "Int64": lambda v: o6.Int64(int(v)),
    "UInt64": lambda v: o6.UInt64(int(v)),
    "Float": o6.Float,
    "Double": o6.Double,
    "DateTime": lambda v: o6.DateTime(datetime.fromisoformat(v)),
    "Guid": UUID,
    "ByteString": bytes.fromhex,
    "XmlElement": o6.XmlElement,
    "NodeId": o6.NodeId,
    "ExpandedNodeId": o6.ExpandedNodeId,
    "StatusCode": o6.StatusCode,
    "QualifiedName": lambda v: o6.QualifiedName(v["namespace"], v["name"]),
    # The text comes first, whatever the signature in the package says.
    "LocalizedText": lambda v: o6.LocalizedText(*filter(None, (v["text"], v["locale"]))),
    "Structure": lambda v: ns0.datatypes.Range(low=v["low"], high=v["high"]),
}

def load_values():
    raw = json.loads(Path(__file__).with_name("values.json").read_text("utf-8"))
    return {name: [CONVERT.get(name, lambda v: v)(v) for v in vals] for name, vals in raw.items()}


class LocalLoop(asyncio.SelectorEventLoop):
    """The stack always listens on all interfaces; this keeps it on 127.0.0.1."""

    async def create_server(self, factory, host=None, port=None, **kwargs):
        return await super().create_server(factory, "127.0.0.1", port, **kwargs)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def build(server):
    server.ns.append(sys.modules[__name__])
    idx = o6.ns.interop.index

    def nid(name):
        return o6.NodeId(f"ns=interop;s={name}")

    async def folder(parent, name):
        return await server.addObject(
            name, parent, nodeId=nid(name), ns=idx, typeDefinition=ns0.objtypes.FolderType
        )

    async def variable(parent, name, value, writable=True, browse_name=None, **kwargs):
        return await server.addVariable(
            browse_name or name, parent, value, nodeId=nid(name), ns=idx, writable=writable,
            parentReference=ns0.reftypes.HasComponent, **kwargs
        )

    root = await folder(server.objectsNode, "Interop")
    for name, values in load_values().items():
        if name == "StatusCode":
            # The stack takes a StatusCode for a sequence when it looks at an
            # initial value, so this one is written after the node exists.
            node = await variable(root, "Scalar.StatusCode", None, dataType=o6.NodeId("i=19"))
            (await server.write(node, values[0])).check()
        else:
            await variable(root, f"Scalar.{name}", values[0])
        await variable(root, f"Array.{name}", values)
    # As an initial value this would become a null array, not an empty one.
    empty = np.array([], np.int32)
    node = await variable(root, "Array.Empty", empty)
    (await server.write(node, empty)).check()

    cells = [[1, 2, 3], [4, 5, 6]]
    for name, dtype in (("Double", np.float64), ("Int32", np.int32)):
        node = await variable(root, f"Matrix.{name}", np.array(cells, dtype))
        size = np.array([2, 3], np.uint32)
        (await server.write(node, size, attr=o6.AttributeId.ARRAY_DIMENSIONS)).check()

    await variable(root, "ReadOnly.Int32", o6.Int32(7), writable=False)
    await variable(root, "Counter.Int32", o6.Int32(0), writable=False)

    for name in ("Dup1", "Dup2"):
        sub = await folder(root, name)
        await variable(sub, f"{name}.Twin", o6.Int32(int(name[-1])), browse_name="Twin")

    async def described(name, value, properties, **kwargs):
        node = await variable(root, name, value, **kwargs)
        text = o6.LocalizedText(f"{name} of the plant")
        (await server.write(node, text, attr=o6.AttributeId.DESCRIPTION)).check()
        for key, content, index in properties:
            await server.addVariable(
                key, node, content, nodeId=nid(f"{name}.{key}"), ns=index,
                parentReference=ns0.reftypes.HasProperty, typeDefinition=ns0.vartypes.PropertyType,
            )
        return node

    types = ns0.datatypes
    unit = types.EUInformation(
        namespaceUri="", unitId=4408652, displayName=o6.LocalizedText("\u00b0C"),
        description=o6.LocalizedText(""),
    )
    analog = await described(
        "Analog.Double", o6.Double(21.5),
        [
            ("EURange", types.Range(low=0.0, high=100.0), 0),
            ("InstrumentRange", types.Range(low=-50.0, high=150.0), 0),
            ("EngineeringUnits", unit, 0),
            ("ValuePrecision", o6.Double(0.5), 0),
            ("Serial", "A-17", idx),
        ],
    )
    rate = o6.AttributeId.MINIMUM_SAMPLING_INTERVAL
    (await server.write(analog, o6.Double(250.0), attr=rate)).check()
    texts = lambda *names: [o6.LocalizedText(name) for name in names]  # noqa: E731
    await described(
        "TwoState.Boolean", o6.Boolean(True),
        [("TrueState", texts("running")[0], 0), ("FalseState", texts("stopped")[0], 0)],
    )
    await described(
        "MultiState.UInt32", o6.UInt32(1), [("EnumStrings", texts("closed", "opening", "open"), 0)]
    )
    values = [(2, "two"), (7, "seven")]
    values = [
        types.EnumValueType(
            value=v, displayName=o6.LocalizedText(n), description=o6.LocalizedText("")
        )
        for v, n in values
    ]
    await described("MultiStateValue.Int32", o6.Int32(7), [("EnumValues", values, 0)])
    # Named by its data type.
    await described("Enum.Int32", o6.Int32(3), [], dataType=o6.NodeId("i=852"))

    mass = await folder(root, "Mass")
    for i in range(MASS):
        await variable(mass, f"Mass.{i}", o6.Int32(i), writable=False)


async def count(server):
    node, value = o6.NodeId("ns=interop;s=Counter.Int32"), 0
    while True:
        await asyncio.sleep(0.1)
        value = (value + 1) & 0x7FFFFFFF
        (await server.write(node, o6.Int32(value))).check()


async def main(port):
    port = port or free_port()
    server = o6.Server(port=port, applicationUri="urn:openopc:interop:o6")
    await build(server)
    server.start()
    await server.waitReady()
    print(f"opc.tcp://127.0.0.1:{port}/", file=OUT, flush=True)
    ticking = asyncio.create_task(count(server))
    # The test holds our stdin open; its end means the test is gone.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    ticking.cancel()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    with asyncio.Runner(loop_factory=LocalLoop) as runner:
        runner.run(main(int(sys.argv[1])))
        os._exit(0)

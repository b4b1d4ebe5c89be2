"""Interop server on asyncua. Usage: asyncua_server.py PORT (0 picks a free port)."""

import asyncio
import json
import logging
import os
import re
import socket
import sys
from datetime import datetime, timezone
from pathlib import Path
from uuid import UUID

from asyncua import Server, ua
from asyncua.common.structures104 import new_enum, new_struct, new_struct_field

URI = "urn:openopc:interop"
MASS = 5000

CONVERT = {
    "Int64": int,
    "UInt64": int,
    "DateTime": lambda v: datetime.fromisoformat(v).astimezone(timezone.utc),
    "Guid": UUID,
    "ByteString": bytes.fromhex,
    "XmlElement": ua.XmlElement,
    "NodeId": ua.NodeId.from_string,
    "ExpandedNodeId": ua.ExpandedNodeId.from_string,
    "StatusCode": ua.StatusCode,
    "QualifiedName": lambda v: ua.QualifiedName(v["name"], v["namespace"]),
    "LocalizedText": lambda v: ua.LocalizedText(v["text"], v["locale"]),
    "Structure": lambda v: ua.Range(Low=v["low"], High=v["high"]),
}


def load_values():
    raw = json.loads(Path(__file__).with_name("values.json").read_text("utf-8"))
    return {name: [CONVERT.get(name, lambda v: v)(v) for v in vals] for name, vals in raw.items()}


def variant_type(name):
    return ua.VariantType.ExtensionObject if name == "Structure" else ua.VariantType[name]


def data_type(name):
    # The built-in types share their number with their DataType node.
    return ua.NodeId(ua.ObjectIds.Range if name == "Structure" else variant_type(name).value)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def structures(server, idx, root, variable):
    """Data types that only this server has, and values of them: the type `Pump` with all a structure can hold."""
    string, double = ua.VariantType.String, ua.VariantType.Double
    mode = await new_enum(server, idx, "Mode", ["Off", "Manual", "Automatic"])
    point, _ = await new_struct(
        server, idx, "Point", [new_struct_field("X", double), new_struct_field("Y", double)]
    )
    choice, _ = await new_struct(
        server,
        idx,
        "Choice",
        [new_struct_field("Number", ua.VariantType.Int32), new_struct_field("Text", string)],
        is_union=True,
    )
    pump, _ = await new_struct(
        server,
        idx,
        "Pump",
        [
            new_struct_field("Name", string),
            new_struct_field("Speed", ua.VariantType.UInt16),
            new_struct_field("Mode", mode),
            new_struct_field("Position", point),
            new_struct_field("Track", point, array=True),
            new_struct_field("Codes", ua.VariantType.Byte, array=True),
            new_struct_field("Serviced", ua.VariantType.DateTime),
            new_struct_field("Note", string, optional=True),
            new_struct_field("Limit", double, optional=True),
        ],
    )
    await server.load_data_type_definitions()

    def make(name, **fields):
        return ua.Pump(
            Name=name,
            Speed=1450,
            Mode=ua.Mode.Automatic,
            Position=ua.Point(X=1.5, Y=-2.5),
            Track=[ua.Point(X=0.0, Y=0.1), ua.Point(X=3.0, Y=4.0)],
            Codes=[1, 2, 255],
            Serviced=datetime(2024, 2, 29, 12, 34, 56, 789000),
            **fields,
        )

    extension = ua.VariantType.ExtensionObject
    one = make("P1 ✓", Limit=9.5)
    await variable(root, "Struct.Pump", ua.Variant(one, extension), pump.nodeid, True)
    many = [make("P1"), make("P2", Note="spare")]
    await variable(root, "Struct.Pumps", ua.Variant(many, extension), pump.nodeid, True)
    text = ua.Choice()
    text.Text = "chosen"
    await variable(root, "Struct.Choice", ua.Variant(text, extension), choice.nodeid, True)
    auto = ua.Variant(ua.Mode.Automatic.value, ua.VariantType.Int32)
    await variable(root, "Struct.Mode", auto, mode.nodeid, True)


async def build(server):
    idx = await server.register_namespace(URI)
    # Whoever tests failover says how well this server is.
    await server.get_node(ua.NodeId(ua.ObjectIds.Server_ServiceLevel)).set_writable()

    def nid(name):
        return ua.NodeId(name, idx)

    async def folder(parent, name):
        return await parent.add_folder(nid(name), ua.QualifiedName(name, idx))

    async def variable(parent, name, variant, dtype, writable, browse_name=None):
        node = await parent.add_variable(
            nid(name), ua.QualifiedName(browse_name or name, idx), variant, datatype=dtype
        )
        if isinstance(variant.Value, list) and not variant.Dimensions:
            # The stack leaves plain arrays at "one or more dimensions".
            rank = ua.Variant(1, ua.VariantType.Int32)
            await node.write_attribute(ua.AttributeIds.ValueRank, ua.DataValue(rank))
        if writable:
            await node.set_writable()
        return node

    int32 = data_type("Int32")
    root = await folder(server.nodes.objects, "Interop")
    for name, values in load_values().items():
        vtype, dtype = variant_type(name), data_type(name)
        await variable(root, f"Scalar.{name}", ua.Variant(values[0], vtype), dtype, True)
        await variable(root, f"Array.{name}", ua.Variant(values, vtype), dtype, True)
    await variable(
        root, "Array.Empty", ua.Variant([], ua.VariantType.Int32, is_array=True), int32, True
    )

    for name in ("Double", "Int32"):
        cell = float if name == "Double" else int
        rows = [[cell(1 + c + 3 * r) for c in range(3)] for r in range(2)]
        matrix = ua.Variant(rows, ua.VariantType[name], Dimensions=[2, 3], is_array=True)
        await variable(root, f"Matrix.{name}", matrix, data_type(name), True)

    await variable(root, "ReadOnly.Int32", ua.Variant(7, ua.VariantType.Int32), int32, False)
    counter = await variable(
        root, "Counter.Int32", ua.Variant(0, ua.VariantType.Int32), int32, False
    )

    for name in ("Dup1", "Dup2"):
        sub = await folder(root, name)
        value = ua.Variant(int(name[-1]), ua.VariantType.Int32)
        await variable(sub, f"{name}.Twin", value, int32, True, browse_name="Twin")

    async def described(name, value, vtype, dtype, properties):
        node = await variable(root, name, ua.Variant(value, vtype), dtype, True)
        text = ua.LocalizedText(f"{name} of the plant")
        await node.write_attribute(
            ua.AttributeIds.Description, ua.DataValue(ua.Variant(text, ua.VariantType.LocalizedText))
        )
        for key, content, index in properties:
            await node.add_property(nid(f"{name}.{key}"), ua.QualifiedName(key, index), content)
        return node

    texts = lambda *names: [ua.LocalizedText(name) for name in names]  # noqa: E731
    unit = ua.EUInformation(UnitId=4408652, DisplayName=ua.LocalizedText("\u00b0C"))
    analog = await described(
        "Analog.Double", 21.5, ua.VariantType.Double, data_type("Double"),
        [
            ("EURange", ua.Range(Low=0.0, High=100.0), 0),
            ("InstrumentRange", ua.Range(Low=-50.0, High=150.0), 0),
            ("EngineeringUnits", unit, 0),
            ("ValuePrecision", 0.5, 0),
            ("Serial", "A-17", idx),
        ],
    )
    rate = ua.Variant(250.0, ua.VariantType.Double)
    await analog.write_attribute(ua.AttributeIds.MinimumSamplingInterval, ua.DataValue(rate))
    await described(
        "TwoState.Boolean", True, ua.VariantType.Boolean, data_type("Boolean"),
        [("TrueState", texts("running")[0], 0), ("FalseState", texts("stopped")[0], 0)],
    )
    await described(
        "MultiState.UInt32", 1, ua.VariantType.UInt32, data_type("UInt32"),
        [("EnumStrings", texts("closed", "opening", "open"), 0)],
    )
    values = [(2, "two"), (7, "seven")]
    values = [ua.EnumValueType(Value=v, DisplayName=ua.LocalizedText(n)) for v, n in values]
    await described(
        "MultiStateValue.Int32", 7, ua.VariantType.Int32, int32, [("EnumValues", values, 0)]
    )
    # Named by its data type.
    await described("Enum.Int32", 3, ua.VariantType.Int32, ua.NodeId(ua.ObjectIds.ServerState), [])
    await structures(server, idx, root, variable)

    mass = await folder(root, "Mass")
    # Adding a child scans all of its siblings, which makes a big folder quadratic
    # (15 s here); so the folder's references are put aside now and then.
    folder_data = server.iserver.aspace[mass.nodeid]
    done = []
    for i in range(MASS):
        await variable(mass, f"Mass.{i}", ua.Variant(i, ua.VariantType.Int32), int32, False)
        if i % 50 == 49:
            done += folder_data.references
            folder_data.references = []
    folder_data.references = done + folder_data.references
    await add_aliases(server, idx)
    return counter


def like(pattern):
    """The Like operator's pattern (Part 4, 7.7.3) as a regular expression; no lists are needed here."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return re.compile("".join(wild.get(p) or re.escape(p[-1]) for p in parts), re.DOTALL)


async def add_aliases(server, idx):
    """Implements FindAlias (Part 17), which the stack's address space only declares."""
    aliases = {
        "Old.Counter": ["Counter.Int32"],
        "Old_%": ["ReadOnly.Int32"],
        "OldX!": ["Mass.1"],
        "Both": ["Dup1.Twin", "Dup2.Twin"],
    }

    def find_alias(_parent, pattern, _reference_type):
        fitting = like(pattern.Value)
        found = [
            ua.AliasNameDataType(
                AliasName=ua.QualifiedName(name, idx),
                ReferencedNodes=[ua.ExpandedNodeId(node, idx) for node in nodes],
            )
            for name, nodes in aliases.items()
            if fitting.fullmatch(name)
        ]
        return [ua.Variant(found, ua.VariantType.ExtensionObject, is_array=True)]

    server.link_method(server.get_node(ua.NodeId(ua.ObjectIds.Aliases_FindAlias)), find_alias)


async def count(counter):
    value = 0
    while True:
        await asyncio.sleep(0.1)
        value = (value + 1) & 0x7FFFFFFF
        await counter.write_value(value, ua.VariantType.Int32)


async def main(port):
    url = f"opc.tcp://127.0.0.1:{port or free_port()}/interop"
    server = Server()
    await server.init()
    server.set_endpoint(url)
    server.set_server_name("openopc interop (asyncua)")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    counter = await build(server)
    # A server that has registered here, as with a discovery server.
    other = ua.RegisteredServer(
        ServerUri="urn:openopc:interop:line3",
        ProductUri="urn:openopc:interop",
        ServerNames=[ua.LocalizedText("Line 3")],
        ServerType=ua.ApplicationType.Server,
        DiscoveryUrls=["opc.tcp://line3:4840"],
        IsOnline=True,
    )
    server.iserver.register_server(other)
    async with server:
        print(url, flush=True)
        ticking = asyncio.create_task(count(counter))
        # The test holds our stdin open; its end means the test is gone.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
        ticking.cancel()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    asyncio.run(main(int(sys.argv[1])))
    os._exit(0)

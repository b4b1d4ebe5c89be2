"""Checks the simulator with an asyncua client. Usage: asyncua_client.py URL.

Prints one JSON object per check; exits 0 only if every check passed.
"""

import asyncio
from datetime import datetime, timedelta, timezone

from checks import require, run
from asyncua import Client, ua

URI = "urn:openopc:sim"
READ_BATCH = 1000

WANTED = ["Random.Int4", "Bucket Brigade.Int4", "Triangle Waves.Real8", "Write Only.Int4"]
# The values of these branches are meant to be unreadable.
# Annotations are read with HistoryRead alone.
UNREADABLE = ("Write Only.", "Read Error.", "~Annotations/")

A = ua.AttributeIds
N = ua.NodeClass
IDENTITY = [A.NodeId, A.NodeClass, A.BrowseName, A.DisplayName]
OPTIONAL = [
    A.Description, A.WriteMask, A.UserWriteMask,
    A.RolePermissions, A.UserRolePermissions, A.AccessRestrictions,
]
# Attributes of each node class beyond the common ones: mandatory, optional.
BY_CLASS = {
    N.Object: ([A.EventNotifier], []),
    N.Variable: (
        [A.Value, A.DataType, A.ValueRank, A.AccessLevel, A.UserAccessLevel, A.Historizing],
        [A.ArrayDimensions, A.MinimumSamplingInterval, A.AccessLevelEx],
    ),
    N.Method: ([A.Executable, A.UserExecutable], []),
    N.ObjectType: ([A.IsAbstract], []),
    N.VariableType: ([A.IsAbstract, A.DataType, A.ValueRank], [A.Value, A.ArrayDimensions]),
    N.ReferenceType: ([A.IsAbstract, A.Symmetric], [A.InverseName]),
    N.DataType: ([A.IsAbstract], [A.DataTypeDefinition]),
    N.View: ([A.ContainsNoLoops, A.EventNotifier], []),
}


class Changes:
    """Collects data changes per node and lets a check wait for a condition."""

    def __init__(self):
        self.values = {}
        self.arrived = asyncio.Event()

    def datachange_notification(self, node, value, data):
        self.values.setdefault(node.nodeid, []).append(value)
        self.arrived.set()

    async def until(self, condition, what):
        async def wait():
            while not condition():
                self.arrived.clear()
                await self.arrived.wait()

        try:
            await asyncio.wait_for(wait(), 10)
        except asyncio.TimeoutError:
            raise AssertionError(f"timed out waiting for {what}; got {self.values}") from None


class Checks:
    def __init__(self, url):
        self.client = Client(url, timeout=10)
        self.ns = None
        self.found = {}

    def node(self, name):
        return self.client.get_node(ua.NodeId(name, self.ns))

    def leaves(self):
        return [n for n, c in self.found.items() if n.NamespaceIndex == self.ns and c == N.Variable]

    async def read_raw(self, pairs):
        params = ua.ReadParameters()
        params.NodesToRead = [ua.ReadValueId(n, a) for n, a in pairs]
        return await self.client.uaclient.read(params)

    async def refused(self, action, code):
        try:
            result = await action
        except ua.UaStatusCodeError as error:
            require(error.code == code, f"got {error!r}")
            return ua.StatusCode(code).name
        raise AssertionError(f"was not refused, result {result!r}")

    async def connect(self):
        await self.client.connect()
        return "policy None, anonymous"

    async def namespace(self):
        self.ns = await self.client.get_namespace_index(URI)
        return f"index {self.ns}"

    async def browse(self):
        todo = [self.client.nodes.objects.nodeid]
        self.found = {todo[0]: N.Object}
        while todo:
            references = await self.client.get_node(todo.pop()).get_references(
                refs=ua.ObjectIds.HierarchicalReferences, direction=ua.BrowseDirection.Forward
            )
            for ref in references:
                target = ua.NodeId(ref.NodeId.Identifier, ref.NodeId.NamespaceIndex)
                if getattr(ref.NodeId, "ServerIndex", 0) or target in self.found:
                    continue
                self.found[target] = N(ref.NodeClass)
                todo.append(target)
        own = {n.Identifier for n in self.found if n.NamespaceIndex == self.ns}
        missing = [name for name in WANTED if name not in own]
        require(not missing, f"{len(self.found)} nodes, but not {missing}")
        server = ua.NodeId(ua.ObjectIds.Server)
        require(server in self.found, "the Server object is missing")
        return f"{len(self.found)} nodes, {len(own)} in {URI}"

    async def attributes(self):
        require(self.found, "nothing was browsed")
        pairs = []
        for node, cls in self.found.items():
            ids = list(IDENTITY)
            if node.NamespaceIndex == self.ns:
                mandatory, optional = BY_CLASS[cls]
                ids += OPTIONAL + mandatory + optional
            pairs += [(node, a) for a in ids]
        problems = []
        for start in range(0, len(pairs), READ_BATCH):
            batch = pairs[start : start + READ_BATCH]
            results = await self.read_raw(batch)
            require(len(results) == len(batch), f"{len(results)} results for {len(batch)} reads")
            for (node, attribute), result in zip(batch, results):
                status = result.StatusCode
                if not status.is_bad():
                    if attribute == A.NodeClass and result.Value.Value != self.found[node]:
                        problems.append(f"{node} NodeClass {result.Value.Value}")
                    continue
                mandatory, _ = BY_CLASS[self.found[node]]
                optional = attribute not in IDENTITY and attribute not in mandatory
                if optional and status.value == ua.StatusCodes.BadAttributeIdInvalid:
                    continue
                if attribute == A.Value and str(node.Identifier).startswith(UNREADABLE):
                    continue
                problems.append(f"{node.to_string()} {A(attribute).name} {status.name}")
        require(not problems, f"{len(problems)} of {len(pairs)}: {problems[:10]}")
        return f"{len(pairs)} attributes of {len(self.found)} nodes"

    async def read(self):
        value = await self.node("Random.Int4").read_data_value()
        require(value.StatusCode.is_good(), value.StatusCode.name)
        require(value.Value.VariantType == ua.VariantType.Int32, value.Value)
        clock = self.client.get_node(ua.NodeId(ua.ObjectIds.Server_ServerStatus_CurrentTime))
        now = await clock.read_value()
        if now.tzinfo is None:
            now = now.replace(tzinfo=timezone.utc)
        off = abs(datetime.now(timezone.utc) - now)
        require(off < timedelta(minutes=1), f"the server's clock is off by {off}")
        return f"Random.Int4 = {value.Value.Value}, clock off by {off.total_seconds():.3f} s"

    async def read_many(self):
        leaves = self.leaves()
        require(leaves, "no leaves were browsed")
        results = await self.read_raw([(n, A.Value) for n in leaves])
        require(len(results) == len(leaves), f"{len(results)} results for {len(leaves)} nodes")
        return f"{len(results)} values in one Read"

    async def write(self):
        node = self.node("Bucket Brigade.Int4")
        await node.write_value(123, ua.VariantType.Int32)
        back = await node.read_value()
        require(back == 123, f"Int4 reads back {back!r}")
        array, sent = self.node("Bucket Brigade.ArrayOfReal8"), [1.5, -2.25, 1e300]
        await array.write_value(sent, ua.VariantType.Double)
        back = await array.read_value()
        require(back == sent, f"ArrayOfReal8 reads back {back!r}")
        return "Int32 scalar and Double array"

    async def wrong_type(self):
        node = self.node("Bucket Brigade.Int4")
        before = await node.read_value()
        detail = await self.refused(
            node.write_value("text", ua.VariantType.String), ua.StatusCodes.BadTypeMismatch
        )
        after = await node.read_value()
        require(after == before, f"the value changed from {before!r} to {after!r}")
        return detail

    async def not_writable(self):
        write = self.node("Random.Int4").write_value(1, ua.VariantType.Int32)
        return await self.refused(write, ua.StatusCodes.BadNotWritable)

    async def write_only(self):
        read = self.node("Write Only.Int4").read_value()
        return await self.refused(read, ua.StatusCodes.BadNotReadable)

    async def unknown_node(self):
        return await self.refused(self.node("No.Such").read_value(), ua.StatusCodes.BadNodeIdUnknown)

    async def subscribe(self):
        wave, item = self.node("Triangle Waves.Real8"), self.node("Bucket Brigade.Int2")
        # An earlier run may have left 77 there, which would then not change.
        await item.write_value(0, ua.VariantType.Int16)
        changes = Changes()
        subscription = await self.client.create_subscription(100, changes)
        handles = await subscription.subscribe_data_change(
            [wave, item], queuesize=10, sampling_interval=100
        )
        bad = [h for h in handles if isinstance(h, ua.StatusCode)]
        require(not bad, f"cannot monitor: {bad}")

        def got(node):
            return changes.values.get(node.nodeid, [])

        await changes.until(lambda: got(wave) and got(item), "the initial values")
        require(got(item) == [0], f"Int2 starts with {got(item)}")
        await changes.until(lambda: len(got(wave)) >= 4, "three changes of the wave")
        await item.write_value(77, ua.VariantType.Int16)
        await changes.until(lambda: 77 in got(item), "the written value")
        await subscription.delete()
        return f"wave {got(wave)[:6]}, Int2 {got(item)}"

    async def disconnect(self):
        await self.client.disconnect()
        return "closed"


if __name__ == "__main__":
    run(
        Checks,
        (
            "connect", "namespace", "browse", "attributes", "read", "read_many", "write",
            "wrong_type", "not_writable", "write_only", "unknown_node", "subscribe", "disconnect",
        ),
        vital=("connect", "namespace"),
    )

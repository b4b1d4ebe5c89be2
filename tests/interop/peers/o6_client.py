"""Checks the simulator with an o6 (open62541) client. Usage: o6_client.py URL.

Prints one JSON object per check; exits 0 only if every check passed.
"""

import asyncio
from datetime import datetime, timedelta, timezone

from checks import require, run
import numpy as np
import o6
from o6 import AttributeId as A
from o6.ns import ns0

URI = "urn:openopc:sim"
READ_BATCH = 1000

WANTED = ["Random.Int4", "Bucket Brigade.Int4", "Triangle Waves.Real8", "Write Only.Int4"]
# The values of these branches are meant to be unreadable.
# Annotations are read with HistoryRead alone.
UNREADABLE = ("Write Only.", "Read Error.", "~Annotations/")

N = ns0.datatypes.NodeClass
IDENTITY = [A.NODE_ID, A.NODE_CLASS, A.BROWSE_NAME, A.DISPLAY_NAME]
OPTIONAL = [
    A.DESCRIPTION, A.WRITE_MASK, A.USER_WRITE_MASK,
    A.ROLE_PERMISSIONS, A.USER_ROLE_PERMISSIONS, A.ACCESS_RESTRICTIONS,
]
# Attributes of each node class beyond the common ones: mandatory, optional.
BY_CLASS = {
    int(N.OBJECT): ([A.EVENT_NOTIFIER], []),
    int(N.VARIABLE): (
        [A.VALUE, A.DATA_TYPE, A.VALUE_RANK, A.ACCESS_LEVEL, A.USER_ACCESS_LEVEL, A.HISTORIZING],
        [A.ARRAY_DIMENSIONS, A.MINIMUM_SAMPLING_INTERVAL, A.ACCESS_LEVEL_EX],
    ),
    int(N.METHOD): ([A.EXECUTABLE, A.USER_EXECUTABLE], []),
    int(N.OBJECT_TYPE): ([A.IS_ABSTRACT], []),
    int(N.VARIABLE_TYPE): ([A.IS_ABSTRACT, A.DATA_TYPE, A.VALUE_RANK], [A.VALUE, A.ARRAY_DIMENSIONS]),
    int(N.REFERENCE_TYPE): ([A.IS_ABSTRACT, A.SYMMETRIC], [A.INVERSE_NAME]),
    int(N.DATA_TYPE): ([A.IS_ABSTRACT], [A.DATA_TYPE_DEFINITION]),
    int(N.VIEW): ([A.CONTAINS_NO_LOOPS, A.EVENT_NOTIFIER], []),
}


def is_bad(status):
    return int(status or 0) >= 0x80000000


def text(status):
    return getattr(status, "name", None) or hex(int(status))


async def until(condition, what, seen):
    end = asyncio.get_running_loop().time() + 10
    while not condition():
        if asyncio.get_running_loop().time() > end:
            raise AssertionError(f"timed out waiting for {what}; got {seen}")
        await asyncio.sleep(0.02)


class Checks:
    def __init__(self, url):
        self.client = o6.Client(url)
        self.ns = None
        self.found = {}

    def id(self, name):
        return o6.NodeId(f"ns={self.ns.shortname};s={name}")

    def own(self):
        return [n for n in self.found.values() if getattr(n[0].ns, "uri", None) == URI]

    async def value(self, name):
        return await self.client.read(self.id(name), valueOnly=False)

    async def put(self, name, value):
        return await self.client.write(self.id(name), value)

    async def read_raw(self, pairs):
        request = ns0.datatypes.ReadRequest()
        request.timestampsToReturn = ns0.datatypes.TimestampsToReturn.BOTH
        items = []
        for node, attribute in pairs:
            item = ns0.datatypes.ReadValueId()
            item.nodeId, item.attributeId = node, attribute
            items.append(item)
        request.nodesToRead = items
        response = await self.client.serviceRead(request)
        response.responseHeader.serviceResult.check()
        return list(response.results)

    async def connect(self):
        await self.client.connect()
        return "policy None, anonymous"

    async def namespace(self):
        uris = [str(uri) for uri in await self.client.read("i=2255")]
        require(URI in uris, f"not in {uris}")
        # The stack has its own numbers for namespaces and maps them on the wire.
        self.ns = o6.ns.filter(uri=URI)[0]
        return f"index {uris.index(URI)}"

    async def browse(self):
        mask = ns0.datatypes.BrowseResultMask.ALL
        objects = o6.NodeId("i=85")
        self.found = {str(objects): (objects, int(N.OBJECT))}
        todo = [objects]
        while todo:
            for ref in await self.client.browse(todo.pop(), resultMask=mask):
                if ref.nodeId.svr:
                    continue
                target = o6.NodeId(ref.nodeId)
                if str(target) not in self.found:
                    self.found[str(target)] = (target, int(ref.nodeClass))
                    todo.append(target)
        own = {node.id for node, _ in self.own()}
        missing = [name for name in WANTED if name not in own]
        require(not missing, f"{len(self.found)} nodes, but not {missing}")
        require(str(o6.NodeId("i=2253")) in self.found, "the Server object is missing")
        return f"{len(self.found)} nodes, {len(own)} in {URI}"

    async def attributes(self):
        require(self.found, "nothing was browsed")
        own = {str(node) for node, _ in self.own()}
        reads = []
        for node, cls in self.found.values():
            ids = list(IDENTITY)
            if str(node) in own:
                mandatory, optional = BY_CLASS[cls]
                ids += OPTIONAL + mandatory + optional
            reads += [(node, attribute, cls) for attribute in ids]
        problems = []
        for start in range(0, len(reads), READ_BATCH):
            batch = reads[start : start + READ_BATCH]
            results = await self.read_raw([(node, attribute) for node, attribute, _ in batch])
            require(len(results) == len(batch), f"{len(results)} results for {len(batch)} reads")
            for (node, attribute, cls), result in zip(batch, results):
                if not is_bad(result.status):
                    if attribute == A.NODE_CLASS and int(result.value) != cls:
                        problems.append(f"{node} NodeClass {result.value}")
                    continue
                optional = attribute not in IDENTITY and attribute not in BY_CLASS[cls][0]
                if optional and result.status == o6.StatusCode.BAD_ATTRIBUTE_ID_INVALID:
                    continue
                if attribute == A.VALUE and str(node.id).startswith(UNREADABLE):
                    continue
                problems.append(f"{node} {attribute.name} {text(result.status)}")
        require(not problems, f"{len(problems)} of {len(reads)}: {problems[:10]}")
        return f"{len(reads)} attributes of {len(self.found)} nodes"

    async def read(self):
        result = await self.value("Random.Int4")
        require(result.status == o6.StatusCode.GOOD, text(result.status))
        require(isinstance(result.value, o6.Int32), type(result.value))
        ticks = int(await self.client.read("i=2258"))
        now = datetime(1601, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=ticks // 10)
        off = abs(datetime.now(timezone.utc) - now)
        require(off < timedelta(minutes=1), f"the server's clock is off by {off}")
        return f"Random.Int4 = {result.value}, clock off by {off.total_seconds():.3f} s"

    async def read_many(self):
        leaves = [node for node, cls in self.own() if cls == N.VARIABLE]
        require(leaves, "no leaves were browsed")
        results = await self.read_raw([(node, A.VALUE) for node in leaves])
        require(len(results) == len(leaves), f"{len(results)} results for {len(leaves)} nodes")
        return f"{len(results)} values in one Read"

    async def write(self):
        (await self.put("Bucket Brigade.Int4", o6.Int32(123))).check()
        back = (await self.value("Bucket Brigade.Int4")).value
        require(isinstance(back, o6.Int32) and back == 123, f"Int4 reads back {back!r}")
        sent = [1.5, -2.25, 1e300]
        (await self.put("Bucket Brigade.ArrayOfReal8", np.array(sent, np.float64))).check()
        back = (await self.value("Bucket Brigade.ArrayOfReal8")).value
        require(list(back) == sent, f"ArrayOfReal8 reads back {back!r}")
        return "Int32 scalar and Double array"

    async def wrong_type(self):
        before = (await self.value("Bucket Brigade.Int4")).value
        status = await self.put("Bucket Brigade.Int4", "text")
        require(status == o6.StatusCode.BAD_TYPE_MISMATCH, f"got {text(status)}")
        after = (await self.value("Bucket Brigade.Int4")).value
        require(after == before, f"the value changed from {before!r} to {after!r}")
        return text(status)

    async def not_writable(self):
        status = await self.put("Random.Int4", o6.Int32(1))
        require(status == o6.StatusCode.BAD_NOT_WRITABLE, f"got {text(status)}")
        return text(status)

    async def write_only(self):
        status = (await self.value("Write Only.Int4")).status
        require(status == o6.StatusCode.BAD_NOT_READABLE, f"got {text(status)}")
        return text(status)

    async def unknown_node(self):
        status = (await self.value("No.Such")).status
        require(status == o6.StatusCode.BAD_NODE_ID_UNKNOWN, f"got {text(status)}")
        return text(status)

    async def subscribe(self):
        # An earlier run may have left 77 there, which would then not change.
        (await self.put("Bucket Brigade.Int2", o6.Int16(0))).check()
        wave, item = [], []
        seen = {"wave": wave, "item": item}
        subscription = await self.client.createSubscription(publishingInterval=100.0)
        for name, values in (("Triangle Waves.Real8", wave), ("Bucket Brigade.Int2", item)):
            await self.client.monitor(
                self.id(name),
                lambda value, values=values: values.append(value.item()),
                100.0,
                subscription=subscription,
                queueSize=10,
            )
        await until(lambda: wave and item, "the initial values", seen)
        require(item[0] == 0, f"Int2 starts with {item}")
        await until(lambda: len(wave) >= 4, "three changes of the wave", seen)
        (await self.put("Bucket Brigade.Int2", o6.Int16(77))).check()
        await until(lambda: 77 in item, "the written value", seen)
        await subscription.delete()
        return f"wave {wave[:6]}, Int2 {item}"

    async def disconnect(self):
        await self.client.disconnect()
        require(not self.client.connected, "still connected")
        return "closed"


def explain(error):
    return text(error.code) if isinstance(error, o6.StatusCodeError) else error


if __name__ == "__main__":
    run(
        Checks,
        (
            "connect", "namespace", "browse", "attributes", "read", "read_many", "write",
            "wrong_type", "not_writable", "write_only", "unknown_node", "subscribe", "disconnect",
        ),
        vital=("connect", "namespace"),
        explain=explain,
    )

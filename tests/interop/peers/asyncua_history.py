"""Historian on asyncua. Usage: asyncua_history.py PORT (0 picks a free port).

Every series has one value a second from 2026-01-01 on, the number of the second.
"""

import asyncio
import logging
import os
import sqlite3
import sys
from datetime import datetime, timedelta, timezone

from asyncua import Server, ua
from asyncua.server.history_sql import HistorySQLite

from asyncua_server import free_port

URI = "urn:openopc:interop"
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
VALUES = 25_000
# Its SQLite store takes no names in node ids.
SQLITE = 4711
# What the store writes is with a time zone, which Python's own reader takes only behind six digits of a second.
sqlite3.register_converter("TIMESTAMP", lambda text: datetime.fromisoformat(text.decode()))


def second(n):
    return START + timedelta(seconds=n)


def sample(n):
    # Every hundredth is uncertain.
    code = ua.StatusCodes.UncertainSubNormal if n % 100 == 99 else ua.StatusCodes.Good
    return ua.DataValue(
        Value=ua.Variant(float(n), ua.VariantType.Double),
        StatusCode=ua.StatusCode(code),
        SourceTimestamp=second(n),
        ServerTimestamp=second(n + 1),
    )


async def fill_sqlite(storage, node_id):
    """One transaction: a commit for each value takes minutes."""
    await storage.new_historized_node(node_id, None)
    commit = storage._db.commit

    async def later():
        pass

    storage._db.commit = later
    for n in range(VALUES):
        await storage.save_node_value(node_id, sample(n))
    storage._db.commit = commit
    await commit()


class Both:
    """Some from memory, one from SQLite, and one that repeats its place for ever (asyncua#1958)."""

    def __init__(self, memory, sqlite):
        self.memory, self.sqlite = memory, sqlite

    def of(self, node_id):
        return self.sqlite if node_id.Identifier == SQLITE else self.memory

    async def init(self):
        pass

    async def stop(self):
        await self.sqlite.stop()

    async def read_node_history(self, node_id, start, end, count):
        if node_id.Identifier == "Memory.Stuck":
            values, _ = await self.memory.read_node_history(node_id, start, end, count)
            return ([] if start > START else values), second(10)
        return await self.of(node_id).read_node_history(node_id, start, end, count)

    async def read_event_history(self, *args):
        return await self.memory.read_event_history(*args)


def refuse_some(server):
    """Four that make the server refuse, or end, whatever they are asked for with."""
    manager = server.iserver.history_manager
    read = manager.read_history

    async def read_history(params):
        names = {node.NodeId.Identifier for node in params.NodesToRead}
        details = params.HistoryReadDetails
        processed = isinstance(details, ua.ReadProcessedDetails)
        if "Memory.Broken" in names:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadInternalError)
        if "Memory.Strict" in names and processed:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadAggregateNotSupported)
        if "Memory.Deadly" in names:
            for client in list(server.bserver.clients):
                client.transport.abort()
            raise ConnectionResetError
        if "Memory.Heavy" in names:
            heavy = intervals(details) > 4 if processed else details.NumValuesPerNode > 100
            if len(names) > 1 or heavy:
                raise ua.UaStatusCodeError(ua.StatusCodes.BadResponseTooLarge)
            if processed:
                return [processed_history(details)]
        return await read(params)

    manager.read_history = read_history


def intervals(details):
    span = abs(details.EndTime - details.StartTime)
    return -(-span // timedelta(milliseconds=details.ProcessingInterval))


def processed_history(details):
    """Of each interval, the second that it begins with."""
    step = timedelta(milliseconds=details.ProcessingInterval)
    step = step if details.StartTime <= details.EndTime else -step
    times = [details.StartTime + n * step for n in range(intervals(details))]
    value = lambda time: ua.Variant((time - START).total_seconds(), ua.VariantType.Double)
    return ua.HistoryReadResult(
        HistoryData=ua.HistoryData([ua.DataValue(value(time), SourceTimestamp=time) for time in times])
    )


async def main(port):
    url = f"opc.tcp://127.0.0.1:{port or free_port()}/interop"
    server = Server()
    await server.init()
    server.set_endpoint(url)
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    idx = await server.register_namespace(URI)
    memory = server.iserver.history_manager.storage
    sqlite = HistorySQLite(":memory:")
    await sqlite.init()
    server.iserver.history_manager.set_storage(Both(memory, sqlite))
    refuse_some(server)
    odd = ("Memory.Broken", "Memory.Deadly", "Memory.Heavy", "Memory.Strict")
    for name in ("Memory.Double", "Memory.Empty", "Memory.Stuck", "Sqlite.Double", *odd):
        node = await server.nodes.objects.add_variable(
            ua.NodeId(SQLITE if name == "Sqlite.Double" else name, idx), ua.QualifiedName(name, idx), 0.0
        )
        if name == "Sqlite.Double":
            await fill_sqlite(sqlite, node.nodeid)
            continue
        await memory.new_historized_node(node.nodeid, None)
        if name != "Memory.Empty":
            for n in range(VALUES):
                await memory.save_node_value(node.nodeid, sample(n))
    async with server:
        print(url, flush=True)
        # The test holds our stdin open; its end means the test is gone.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    asyncio.run(main(int(sys.argv[1])))
    os._exit(0)

"""Connections without end to a control socket: a command of a child makes them, and a process of the person's own.

    flood.py SOCKET SECONDS COUNT

COUNT connections of each kind: they ask and read, ask and never read, send nothing, send slowly, send too long a line,
or close at once.
"""

import asyncio
import sys

STATUS = b'{"id":1,"method":"status","params":{}}\n'


async def asks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(STATUS)
    while await reader.readline():
        writer.write(STATUS)
        await writer.drain()


async def reads_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(STATUS)
        await writer.drain()
        await asyncio.sleep(0.001)


async def sends_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)


async def sends_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for byte in STATUS * 50:
        writer.write(bytes((byte,)))
        await writer.drain()
        await asyncio.sleep(0.02)


async def sends_too_much(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"x" * 2**20)
    await writer.drain()
    await reader.read(1)


async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    return


KINDS = (asks, reads_nothing, sends_nothing, sends_slowly, sends_too_much, closes)


async def connect(path: str, kind: "object") -> None:
    while True:
        try:
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                await kind(reader, writer)  # type: ignore[operator]
            finally:
                writer.transport.abort()
        except OSError:
            pass
        await asyncio.sleep(0.01)


async def flood(path: str, seconds: float, count: int) -> None:
    connections = [asyncio.ensure_future(connect(path, kind)) for kind in KINDS for _ in range(count)]
    await asyncio.wait(connections, timeout=seconds)
    for one in connections:
        one.cancel()


if __name__ == "__main__":
    asyncio.run(flood(sys.argv[1], float(sys.argv[2]), int(sys.argv[3])))

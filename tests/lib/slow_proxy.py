#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""slow_proxy.py LISTEN TARGET SECONDS - Unix sockets; each answer that long
after it was given, all of them one behind the other and not one by one."""
import asyncio
import sys


async def forward(reader, writer, delay):
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue()

    async def late():
        while True:
            at, data = await queue.get()
            await asyncio.sleep(max(0, at - loop.time()))
            if not data:
                writer.close()
                return
            writer.write(data)
            await writer.drain()

    task = asyncio.create_task(late())
    while True:
        try:
            data = await reader.read(65536)
        except ConnectionError:
            data = b''
        queue.put_nowait((loop.time() + delay, data))
        if not data:
            break
    try:
        await task
    except ConnectionError:
        pass


async def main():
    listen, target, delay = sys.argv[1], sys.argv[2], float(sys.argv[3])

    async def serve(reader, writer):
        there, back = await asyncio.open_unix_connection(target)
        await asyncio.gather(forward(reader, back, 0),
                             forward(there, writer, delay))

    server = await asyncio.start_unix_server(serve, listen)
    async with server:
        await server.serve_forever()


asyncio.run(main())

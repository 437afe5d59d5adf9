"""aiohttp's client, with its pool. Started as `aiohttp_client.py PORT COUNT CONCURRENCY`."""

import asyncio
import sys
import time

import aiohttp

PORT, COUNT, CONCURRENCY = map(int, sys.argv[1:4])
URL = f"http://127.0.0.1:{PORT}/plaintext"


async def fetch(session, count):
    left = count

    async def some():
        nonlocal left
        while left > 0:
            left -= 1
            async with session.get(URL) as response:
                assert await response.read() == b"Hello, World!"

    await asyncio.gather(*(some() for _ in range(CONCURRENCY)))


async def main():
    connector = aiohttp.TCPConnector(limit=CONCURRENCY)
    async with aiohttp.ClientSession(connector=connector) as session:
        await fetch(session, CONCURRENCY * 4)
        print("ready", flush=True)
        if not sys.stdin.readline():
            return
        began = time.perf_counter()
        await fetch(session, COUNT)
        took = int((time.perf_counter() - began) * 1e6)
        print(f'{{"count":{COUNT},"microseconds":{took}}}', flush=True)


asyncio.run(main())

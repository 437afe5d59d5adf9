"""Tornado's client over libcurl, which keeps connections; the simple one opens one for each request.

Started as `tornado_client.py PORT COUNT CONCURRENCY`.
"""

import asyncio
import sys
import time

from tornado.httpclient import AsyncHTTPClient

PORT, COUNT, CONCURRENCY = map(int, sys.argv[1:4])
URL = f"http://127.0.0.1:{PORT}/plaintext"


async def fetch(client, count):
    left = count

    async def some():
        nonlocal left
        while left > 0:
            left -= 1
            response = await client.fetch(URL)
            assert response.body == b"Hello, World!"

    await asyncio.gather(*(some() for _ in range(CONCURRENCY)))


async def main():
    AsyncHTTPClient.configure(
        "tornado.curl_httpclient.CurlAsyncHTTPClient", max_clients=CONCURRENCY
    )
    client = AsyncHTTPClient()
    await fetch(client, CONCURRENCY * 4)
    print("ready", flush=True)
    if not sys.stdin.readline():
        return
    began = time.perf_counter()
    await fetch(client, COUNT)
    took = int((time.perf_counter() - began) * 1e6)
    print(f'{{"count":{COUNT},"microseconds":{took}}}', flush=True)


asyncio.run(main())

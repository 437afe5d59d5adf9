"""Starlette under uvicorn with uvloop and httptools, one process. Started as `starlette_http.py PORT`."""

import asyncio
import json
import os
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

FILLERS = int(os.environ.get("VERSUS_ROUTES", "50"))
FILES = os.environ.get("VERSUS_FILES", ".")
subscribers = set()


async def plaintext(request):
    return PlainTextResponse("Hello, World!")


async def filler(request):
    return PlainTextResponse("filler")


async def as_json(request):
    text = json.dumps({"message": "Hello, World!"}, separators=(",", ":"))
    return Response(text, media_type="application/json")


async def user_post(request):
    user, post = request.path_params["user"], request.path_params["post"]
    return PlainTextResponse(f"user {user}, post {post}")


async def echo(request):
    return Response(await request.body())


async def events(request):
    queue = asyncio.Queue(64)
    subscribers.add(queue)

    async def received():
        try:
            while True:
                yield await queue.get()
        finally:
            subscribers.discard(queue)

    return StreamingResponse(received(), media_type="text/event-stream")


async def publish(request):
    event = b"data: " + await request.body() + b"\n\n"
    for queue in list(subscribers):
        await queue.put(event)
    return Response()


def fillers(numbers):
    return [Route(f"/section{number}/page", filler) for number in numbers]


app = Starlette(
    routes=fillers(range(FILLERS // 2))
    + [
        Route("/plaintext", plaintext),
        Route("/json", as_json),
        Route("/users/{user:int}/posts/{post:int}", user_post),
        Route("/echo", echo, methods=["POST"]),
        Route("/events", events),
        Route("/publish", publish, methods=["POST"]),
        Mount("/static", StaticFiles(directory=FILES)),
    ]
    + fillers(range(FILLERS // 2, FILLERS))
)

uvicorn.run(
    app,
    host="127.0.0.1",
    port=int(sys.argv[1]),
    loop="uvloop",
    http="httptools",
    access_log=False,
    log_level="warning",
    timeout_keep_alive=600,
)

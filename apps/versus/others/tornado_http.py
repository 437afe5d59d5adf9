"""Tornado's web framework, one process. Started as `tornado_http.py PORT`."""

import asyncio
import json
import os
import sys

from tornado.web import Application, RequestHandler, StaticFileHandler

TEXT = "text/plain; charset=utf-8"
FILLERS = int(os.environ.get("VERSUS_ROUTES", "50"))
FILES = os.environ.get("VERSUS_FILES", ".")
subscribers = set()


class Plaintext(RequestHandler):
    def get(self):
        self.set_header("Content-Type", TEXT)
        self.write("Hello, World!")


class Filler(RequestHandler):
    def get(self):
        self.set_header("Content-Type", TEXT)
        self.write("filler")


class Json(RequestHandler):
    def get(self):
        # Written as the others write it, without a space after the colon.
        self.set_header("Content-Type", "application/json")
        self.write(json.dumps({"message": "Hello, World!"}, separators=(",", ":")))


class Post(RequestHandler):
    def get(self, user, post):
        self.set_header("Content-Type", TEXT)
        self.write(f"user {int(user)}, post {int(post)}")


class Echo(RequestHandler):
    def post(self):
        self.set_header("Content-Type", "application/octet-stream")
        self.write(self.request.body)


class Events(RequestHandler):
    async def get(self):
        self.set_header("Content-Type", "text/event-stream")
        await self.flush()
        queue = asyncio.Queue(64)
        subscribers.add(queue)
        try:
            while True:
                self.write(await queue.get())
                await self.flush()
        finally:
            subscribers.discard(queue)


class Publish(RequestHandler):
    async def post(self):
        event = b"data: " + self.request.body + b"\n\n"
        for queue in list(subscribers):
            await queue.put(event)


def fillers(numbers):
    return [(f"/section{number}/page", Filler) for number in numbers]


async def main():
    application = Application(
        fillers(range(FILLERS // 2))
        + [
            ("/plaintext", Plaintext),
            ("/json", Json),
            (r"/users/(\d+)/posts/(\d+)", Post),
            ("/echo", Echo),
            ("/events", Events),
            ("/publish", Publish),
            ("/static/(.*)", StaticFileHandler, {"path": FILES}),
        ]
        + fillers(range(FILLERS // 2, FILLERS)),
        log_function=lambda handler: None,
    )
    application.listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())

"""Tornado's WebSockets, one process. Started as `tornado_websocket.py PORT`."""

import asyncio
import sys

from tornado.web import Application
from tornado.websocket import WebSocketClosedError, WebSocketHandler

room = set()


class Echo(WebSocketHandler):
    def get_compression_options(self):
        # Compression is on for whoever offers it.
        return {}

    async def on_message(self, message):
        await self.write_message(message)


class Room(WebSocketHandler):
    def open(self):
        room.add(self)

    def on_close(self):
        room.discard(self)

    async def on_message(self, message):
        for member in list(room):
            try:
                member.write_message(message)
            except WebSocketClosedError:
                room.discard(member)


async def main():
    application = Application([("/echo", Echo), ("/room", Room)], log_function=lambda _: None)
    application.listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())

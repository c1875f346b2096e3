"""Clients that never read: when they are closed, others come."""

import select
import socket
from multiprocessing.connection import Connection

from push_load.readers import handshake

__all__ = ["ignore"]

_RECEIVE_BUFFER = 4_096


def ignore(count: int, port: int, token: str, pipe: Connection) -> None:
    """Run clients until the pipe says so; then say how often one was closed.

    Parameters
    ----------
    count : int
        How many.
    port : int
        Where the push is.
    token : str
        What it wants to see.
    pipe : Connection
        "ready" goes out when all are connected; after whatever comes in, how many were closed.
    """
    hello = handshake(port, token)
    poll = select.poll()
    clients: dict[int, socket.socket] = {}

    def join() -> None:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        client.connect(("127.0.0.1", port))
        client.sendall(hello)
        clients[client.fileno()] = client
        poll.register(client, select.POLLRDHUP)  # and with it, unasked, errors

    for _ in range(count):
        join()
    pipe.send("ready")
    closed = 0
    while not pipe.poll(0.2):
        for number, _ in poll.poll(0):
            poll.unregister(number)
            clients.pop(number).close()
            closed += 1
            join()
    pipe.send(closed)

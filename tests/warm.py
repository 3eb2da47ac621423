"""Commands without the start of Python: each in a process of its own, forked from one that has imported pmsite.

Tests run many hundreds of commands, and most of the time of a short one is imports. What runs is the entry point, with
the arguments, folder, environment, standard streams and exit code of a command that a user starts.

`python tests/warm.py SOCKET serve` waits for commands; `python tests/warm.py SOCKET run ARGUMENTS` is one.
"""

import json
import os
import select
import socket
import struct
import sys

_SIZE = struct.Struct("=q")
_CODE = struct.Struct("=i")


def run(
    path: str, arguments: list[str], cwd: str, environment: dict[str, str], streams: tuple[int, int, int]
) -> int:
    """Have one command run, wait for its end and return its exit code."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        order = json.dumps([arguments, cwd, environment]).encode()
        socket.send_fds(connection, [_SIZE.pack(len(order))], list(streams))
        connection.sendall(order)
        answer = connection.recv(_CODE.size)
        return _CODE.unpack(answer)[0] if answer else 70


def serve(path: str) -> None:
    """Fork a process for every command, until standard input ends."""
    import signal

    import pmsite.adopt
    import pmsite.build
    import pmsite.cli
    import pmsite.deploy
    import pmsite.find
    import pmsite.listing
    import pmsite.publishing
    import pmsite.revisions
    import pmsite.scaffold
    import pmsite.schemas
    import pmsite.source.ready
    import pmsite.stats  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    print("ready", flush=True)
    while True:
        if sys.stdin in select.select([listener, sys.stdin], [], [])[0]:
            os.unlink(path)  # noqa: PTH108
            os.rmdir(os.path.dirname(path))  # noqa: PTH106, PTH120
            return
        connection, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            _answer(connection)
        connection.close()


def _answer(connection: socket.socket) -> None:
    head, streams, *_ = socket.recv_fds(connection, _SIZE.size, 3)
    order = b""
    while len(order) < _SIZE.unpack(head)[0]:
        order += connection.recv(1 << 20)
    child = os.fork()
    if child == 0:
        connection.close()
        _command(*json.loads(order), streams)
    connection.sendall(_CODE.pack(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
    os._exit(0)


def _command(arguments: list[str], cwd: str, environment: dict[str, str], streams: list[int]) -> None:
    import atexit
    import time
    import traceback

    from pmsite.cli import main

    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["pmsite", *arguments]
    code = 1
    try:
        main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or 120
    os._exit(code)


if __name__ == "__main__":
    where, what, *rest = sys.argv[1:]
    if what == "serve":
        serve(where)
    else:
        sys.exit(run(where, rest, os.getcwd(), dict(os.environ), (0, 1, 2)))  # noqa: PTH109  pathlib takes long to import

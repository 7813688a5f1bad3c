"""Runs commands one after the other, each at a pseudo-terminal of its own.

Standard input: {"commands": [{"argv", "env", "columns", "seconds", "pipe", "signals"}]}, standard output: a list of
{"status", "terminal", "piped"}. `pipe` lists the descriptors (1, 2) that are a pipe instead of the terminal; `signals` are
[seconds, number] from the start.
"""
import fcntl, json, os, pty, select, signal, struct, sys, termios, time


def run(command):
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, command.get("columns", 80), 0, 0))
    piped = command.get("pipe", [])
    reader, writer = os.pipe() if piped else (None, None)
    child = os.fork()
    if child == 0:
        os.setsid()
        fcntl.ioctl(follower, termios.TIOCSCTTY, 0)
        os.dup2(follower, 0)
        for fd in (1, 2):
            os.dup2(writer if fd in piped else follower, fd)
        os.closerange(3, 256)
        env = dict(os.environ, **command.get("env", {}))
        os.chdir(command.get("cwd", "/"))
        try:
            os.execvpe(command["argv"][0], command["argv"], {k: v for k, v in env.items() if v is not None})
        finally:
            os._exit(127)
    os.close(follower)
    if writer is not None:
        os.close(writer)
    texts = {leader: b"", reader: b""}
    start = time.monotonic()
    signals = sorted(command.get("signals", []))
    end = start + command.get("seconds", 60)
    open_fds = [fd for fd in (leader, reader) if fd is not None]
    while open_fds and time.monotonic() < end:
        while signals and time.monotonic() - start >= signals[0][0]:
            os.kill(child, signals.pop(0)[1])
        ready, _, _ = select.select(open_fds, [], [], 0.05)
        for fd in ready:
            try:
                data = os.read(fd, 65536)
            except OSError:
                data = b""
            if data == b"":
                open_fds.remove(fd)
            texts[fd] += data
    if time.monotonic() >= end:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(leader)
    if reader is not None:
        os.close(reader)
    return {
        "status": os.waitstatus_to_exitcode(status),
        "terminal": texts[leader].decode("utf8", "replace").replace("\r\n", "\n"),
        "piped": texts[reader].decode("utf8", "replace") if reader is not None else "",
    }


json.dump([run(command) for command in json.load(sys.stdin)["commands"]], sys.stdout)

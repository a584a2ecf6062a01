"""Downloads by agencysh and by curl, in turns. Arguments: the agencysh binary, megabytes (100), rounds (15)."""
import http.server
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time

binary = os.path.abspath(sys.argv[1])
size = int(sys.argv[2] if len(sys.argv) > 2 else 100) * 1_000_000
rounds = int(sys.argv[3] if len(sys.argv) > 3 else 15)


class Handler(http.server.BaseHTTPRequestHandler):
    """Sends the file from the page cache to the socket without a copy."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.flush()
        with open(source, "rb") as file:
            self.connection.sendfile(file)

    def log_message(self, *_):
        pass


def measured(command):
    """Seconds, and the peak memory in MB."""
    begin = time.perf_counter()
    subprocess.run(
        ["/usr/bin/time", "-f", "%M", "-o", report, *command],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    seconds = time.perf_counter() - begin
    assert os.path.getsize(target) == size
    os.remove(target)
    with open(report) as file:
        return seconds, int(file.read()) * 1024 / 1e6


with tempfile.TemporaryDirectory() as folder:
    source, target, report = (os.path.join(folder, name) for name in ("source", "target", "report"))
    with open(source, "wb") as file:
        for _ in range(size // 1_000_000):
            file.write(os.urandom(1_000_000))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    code = f"http::download({url!r}, {target!r}).code == 200".replace("'", '"')
    commands = {
        "agencysh": [binary, "eval", code],
        "curl": ["curl", "--silent", "--fail", "--output", target, url],
    }
    figures = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            figure = measured(command)
            if turn > 0:  # the first turn warms up
                figures[name].append(figure)
    server.shutdown()

print(f"{size // 1_000_000} MB to a file, {rounds} rounds by turns, medians")
medians = {}
for name, found in figures.items():
    seconds = [one for one, _ in found]
    medians[name] = statistics.median(seconds)
    memory = max(most for _, most in found)
    print(
        f"{name:>9}: {medians[name] * 1000:6.0f} ms"
        f" [{min(seconds) * 1000:.0f}-{max(seconds) * 1000:.0f}], {memory:5.1f} MB at most"
    )
print(f"    ratio: {medians['agencysh'] / medians['curl']:.2f} of curl's time")

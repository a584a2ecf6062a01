"""Dumps by agencysh and the same bodies by curl, in turns. Arguments: the agencysh binary, megabytes (100), rounds (5)."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

binary = os.path.abspath(sys.argv[1])
megabytes = sys.argv[2] if len(sys.argv) > 2 else "100"
# the agents may be served by another build of the program
server = os.path.abspath(os.environ.get("AGENCYSH_SERVER", binary))
rounds = int(sys.argv[3] if len(sys.argv) > 3 else 5)


def start(folder):
    """A cluster of three agents whose tree has that size, once all of them have it."""
    tree, topology = os.path.join(folder, "tree.json"), os.path.join(folder, "topology.json")
    with open(tree, "w") as file:
        subprocess.run(["scripts/bench/plan_current_gen", megabytes], check=True, stdout=file)
    process = subprocess.Popen(
        [server, "cluster", "up", "--topology", topology, "--data", os.path.join(folder, "data"), "--from", tree],
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline().startswith(b"ready:")
    with open(topology) as file:
        return process, topology, [agent["url"] for agent in json.load(file)["agents"]]


def get(url):
    return subprocess.run(["curl", "--silent", "--fail", url], check=True, capture_output=True).stdout


def wanted(urls):
    """What curl has to fetch: for each agent configuration, state, and its own tree."""
    requests = []
    for url in urls:
        config = json.loads(get(url + "/_api/agency/config"))
        requests += [[url + "/_api/agency/config"], [url + "/_api/agency/state"]]
        if config["leaderId"] == config["configuration"]["id"]:
            requests.append(["--data", '[["/"]]', url + "/_api/agency/read"])
        else:
            requests.append([url + "/_api/agency/stores"])
    return requests


def timed(commands):
    begin = time.perf_counter()
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


with tempfile.TemporaryDirectory() as folder:
    process, topology, urls = start(folder)
    try:
        requests = wanted(urls)
        target, report = os.path.join(folder, "bodies"), os.path.join(folder, "report")
        curl = []
        for number, request in enumerate(requests):
            curl.append(["curl", "--silent", "--fail", "--output", os.path.join(target, str(number)), *request])
        times, memory, fetched, packed = {"agencysh dump": [], "curl": []}, [], 0, 0
        for turn in range(rounds + 1):
            os.mkdir(target)
            by_curl = timed(curl)
            fetched = sum(os.path.getsize(os.path.join(target, name)) for name in os.listdir(target))
            shutil.rmtree(target)
            archive = os.path.join(folder, "dump.zip")
            dump = [binary, "--topology", topology, "dump", "--output", archive]
            by_dump = timed([["/usr/bin/time", "-f", "%M", "-o", report, *dump]])
            packed = os.path.getsize(archive)
            with zipfile.ZipFile(archive) as found:
                assert len(found.namelist()) == len(requests) + 1, found.namelist()
            os.remove(archive)
            if turn > 0:  # the first turn warms up
                times["curl"].append(by_curl)
                times["agencysh dump"].append(by_dump)
                with open(report) as file:
                    memory.append(int(file.read()) * 1024 / 1e6)
    finally:
        process.terminate()
        process.wait()

print(f"tree of {megabytes} MB, three agents, {fetched / 1e6:.0f} MB of bodies, {packed / 1e6:.0f} MB packed; {rounds} rounds by turns, medians")
for name, found in times.items():
    print(f"{name:>14}: {statistics.median(found):6.2f} s [{min(found):.2f}-{max(found):.2f}]")
ratio = statistics.median(times["agencysh dump"]) / statistics.median(times["curl"])
print(f"         ratio: {ratio:.2f} of curl's time (goal: at most 1.5)")
print(f"        memory: {max(memory):.1f} MB at most (goal: below 60)")

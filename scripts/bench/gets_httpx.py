"""Sequential agency reads with an httpx client session: prints requests per second. Arguments: host:port, count."""
import sys
import time

import httpx

host, count = sys.argv[1], int(sys.argv[2])
client = httpx.Client()


def get():
    response = client.post(f"http://{host}/_api/agency/read", json=[["/arango/bench/value"]])
    value = response.json()
    assert response.status_code == 200 and value[0]["arango"]["bench"]["value"] == 1, value


for _ in range(200):
    get()
start = time.perf_counter()
for _ in range(count):
    get()
print(count / (time.perf_counter() - start))

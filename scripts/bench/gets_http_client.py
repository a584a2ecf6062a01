"""Sequential agency reads with http.client: prints requests per second. Arguments: host:port, count."""
import http.client
import json
import sys
import time

host, count = sys.argv[1], int(sys.argv[2])
connection = http.client.HTTPConnection(host)
body = json.dumps([["/arango/bench/value"]])
headers = {"Content-Type": "application/json"}


def get():
    connection.request("POST", "/_api/agency/read", body, headers)
    response = connection.getresponse()
    value = json.loads(response.read())
    assert response.status == 200 and value[0]["arango"]["bench"]["value"] == 1, value


for _ in range(200):
    get()
start = time.perf_counter()
for _ in range(count):
    get()
print(count / (time.perf_counter() - start))

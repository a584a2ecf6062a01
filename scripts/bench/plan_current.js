// The shards whose servers in Current differ from those in Plan. Argument: a file with an agency's tree.
const tree = JSON.parse(require("fs").readFileSync(process.argv[2], "utf8")).arango;
const plan = tree.Plan.Collections;
const current = tree.Current.Collections;
const same = (a, b) => a.length === b.length && a.every((server, i) => server === b[i]);
const differing = [];
for (const database of Object.keys(plan)) {
  const collections = plan[database];
  const reported = current[database];
  for (const id of Object.keys(collections)) {
    const shards = collections[id].shards;
    const there = reported[id];
    for (const shard of Object.keys(shards)) {
      if (!same(shards[shard], there[shard].servers)) {
        differing.push(`${database}/${id}/${shard}`);
      }
    }
  }
}
console.log(differing.length);

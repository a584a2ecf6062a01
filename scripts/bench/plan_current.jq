# The shards whose servers in Current differ from those in Plan.
.arango as $tree
| $tree.Plan.Collections | to_entries[] | .key as $database
| .value | to_entries[] | .key as $id
| .value.shards | to_entries[] | .key as $shard
| select(.value != $tree.Current.Collections[$database][$id][$shard].servers)
| "\($database)/\($id)/\($shard)"

# The record says where the plan came from: the cache model, then the profile, then the profile of a near shape.
. docs/course/value.sh
export EXAKT_CACHE=$PWD/out/fresh
source_of() {
    exakt fit "gen:uniform,n=1000,d=$1" -k 32 --variant fused --max-iter 2 -t 1 -q --json out/r.json
    value source_of_rest out/r.json
}
before=$(source_of 24)
exakt tune 1000x24x32 --variants fused --budget 0.3 -t 1 -q
after=$(source_of 24) near=$(source_of 28)
echo "before: $before; after: $after; for 28 dimensions: $near"
[[ $before != *profile* && $after == *profile* && $near == *near* ]]

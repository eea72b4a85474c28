# Points of a lattice are full of exact ties: bytes leave many candidates, float32 settles some, integers the rest.
. docs/course/value.sh
for variant in i8_fused naive__scalar; do
    exakt fit gen:lattice,n=2000,d=24,side=2 -k 50 --variant $variant --max-iter 10 --tol 0 -t 1 --init random -q --json out/r.json
    echo "$variant: $(value labels_hash out/r.json), $(value exactly_decided_points out/r.json) points decided in integers"
    value labels_hash out/r.json >>out/hashes
done
[[ $(sort -u out/hashes | wc -l) == 1 ]]

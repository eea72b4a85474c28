# Every coordinate enters the sums as an integer, and integers may be added in any order: moved points only, all points,
# or sorted by cluster.
. docs/course/value.sh
for update in moved scatter sorted; do
    exakt fit gen:embed,n=3000,d=48 -k 60 --update $update --max-iter 8 --tol 0 -t 2 -q --json out/r.json
    echo "$update: $(value centroids_hash out/r.json)"
    value centroids_hash out/r.json >>out/hashes
done
[[ $(sort -u out/hashes | wc -l) == 1 ]]

# n k distances in every iteration, and as many once more: the labels that are returned belong to the returned centroids,
# which the last iteration moved. Points too close to call cost a few more.
. docs/course/value.sh
exakt fit gen:blobs,n=3000,d=16,k=20 -k 20 --variant fused --max-iter 5 --tol 0 -t 1 --init random -q --json out/r.json
iterations=$(value iterations out/r.json)
predicted=$((3000 * 20 * (iterations + 1)))
counted=$(value distance_evaluations out/r.json)
echo "$iterations iterations, $predicted distances predicted, $counted counted"
holds "$counted >= $predicted && $counted < 1.05 * $predicted"

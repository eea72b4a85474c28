# k-means++ takes longer to start and needs fewer iterations, often; they also end in different optima. Same program, other
# work: a comparison of programs gives both the same centroids, as `exakt compare` does.
. docs/course/value.sh
for init in random kmeans++; do
    exakt fit gen:blobs,n=5000,d=8,k=40,spread=0.05 -k 40 --init $init --tol 0 -t 1 -q --json out/$init.json
    echo "$init: $(value iterations out/$init.json) iterations, inertia $(value inertia out/$init.json)"
done
[[ $(value iterations out/random.json) != $(value iterations out/kmeans++.json) ]]
holds "$(value inertia out/kmeans++.json) < $(value inertia out/random.json)"

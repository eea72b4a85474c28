# The largest coordinate sets the scale of a row: beside one of 1000, the others round to 0, the bound proves little, and
# more centroids must be looked at in float32; tiles for which that is hopeless are done in float32 altogether.
. docs/course/value.sh
exakt gen embed,n=2000,d=64 out/even.npy -q
exakt gen embed,n=2000,d=64 out/rows.npy -q
tail -c $((2000 * 64 * 4)) out/rows.npy | od -An -v -t f4 -w256 | awk '{ $1 = NR % 2 ? 1000 : -1000; print }' >out/spoilt.txt
for input in out/even.npy out/spoilt.txt; do
    exakt fit $input -k 64 --variant i8_fused --max-iter 3 --tol 0 -t 1 --init random -q --json out/r.json
    echo "$input: $(value distance_evaluations out/r.json) float32 scores and integer ones"
    value distance_evaluations out/r.json >>out/evaluations
done
holds "$(sed -n 2p out/evaluations) > $(sed -n 1p out/evaluations)"

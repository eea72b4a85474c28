# Memory follows the cap; the result does not change by a bit, since every label is proven whatever tile it was in.
. docs/course/value.sh
for bytes in 64K 256K 1M; do
    exakt fit gen:embed,n=4000,d=32 -k 200 --variant naive --matrix-bytes $bytes --max-iter 4 -t 1 -q --json out/$bytes.json
    echo "$bytes: $(value scratch_bytes out/$bytes.json) bytes beside the points, labels $(value labels_hash out/$bytes.json)"
done
[[ $(value labels_hash out/64K.json) == $(value labels_hash out/1M.json) ]]
[[ $(value labels_hash out/64K.json) == $(value labels_hash out/256K.json) ]]
holds "$(value scratch_bytes out/64K.json) < $(value scratch_bytes out/256K.json)"
holds "$(value scratch_bytes out/256K.json) < $(value scratch_bytes out/1M.json)"

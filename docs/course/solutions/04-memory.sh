# The rules differ by point_tile * centroid_tile * 4 for each thread: the buffer of scores. With the same tiles, and one
# thread, that is what is saved, but for what fused rounds up.
. docs/course/value.sh
for variant in tiled fused; do
    exakt fit gen:embed,n=6000,d=64 -k 128 --variant $variant --point-tile 240 --centroid-tile 96 --max-iter 2 -t 1 -q \
        --json out/$variant.json
    echo "$variant: $(value scratch_bytes out/$variant.json) bytes"
done
point=$(value point_tile out/tiled.json) centroid=$(value centroid_tile out/tiled.json)
saved=$(($(value scratch_bytes out/tiled.json) - $(value scratch_bytes out/fused.json)))
echo "saved $saved bytes, predicted $((point * centroid * 4))"
holds "$saved > 0.9 * $point * $centroid * 4 && $saved < 1.1 * $point * $centroid * 4"

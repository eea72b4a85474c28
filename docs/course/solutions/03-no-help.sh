# Eight centroids of two dimensions have 64 bytes: one line of L1. They stay in cache whatever is done, so a tile of
# centroids has nothing to save; the plan takes all of them at once.
. docs/course/value.sh
exakt fit gen:uniform,n=20000,d=2 -k 8 --variant tiled --max-iter 2 -t 1 -q --json out/r.json
echo "tile of centroids: $(value centroid_tile out/r.json), all of them are 8"
holds "$(value centroid_tile out/r.json) >= 8"

# Tiles of points, of centroids and of dimensions, alone and together: one hash of labels and one of centroids.
. docs/course/value.sh
fit() { exakt fit gen:embed,n=3000,d=100 -k 70 --variant tiled --max-iter 6 --tol 0 -t 2 -q --json out/r.json "$@"; }
for tiles in "--point-tile 48" "--point-tile 960" "--centroid-tile 8" "--depth-tile 4" \
    "--point-tile 96 --centroid-tile 24 --depth-tile 32"; do
    # shellcheck disable=SC2086  # words
    fit $tiles
    echo "$(value labels_hash out/r.json) $(value centroids_hash out/r.json)" | tee -a out/hashes
done
[[ $(sort -u out/hashes | wc -l) == 1 ]]

"""Centroids of `exakt fit` as the coarse quantiser of a FAISS inverted file: faiss_quantiser.py POINTS CENTROIDS LABELS,
all .npy. Exit code 77 if FAISS is missing, 1 if the lists of the index are not the clusters."""
import sys

try:
    import faiss
    import numpy as np
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

points, centroids, labels = (np.load(name) for name in sys.argv[1:4])
clusters, dimension = centroids.shape

quantiser = faiss.IndexFlatL2(dimension)
quantiser.add(centroids)
index = faiss.IndexIVFFlat(quantiser, dimension, clusters)
index.train(points)  # the quantiser has its centroids already: nothing is trained
index.add(points)

kept = np.vstack([quantiser.reconstruct(j) for j in range(clusters)])
assert (kept == centroids).all(), "FAISS trained other centroids"
# FAISS computes in float32, so points on a border may go to the other side.
nearest = quantiser.search(points, 1)[1].ravel()
agreeing = float((nearest == labels).mean())
sizes = [index.invlists.list_size(j) for j in range(clusters)]
print(f"{len(points)} points in {clusters} lists, {100 * agreeing:.2f} % of the labels agree")
assert sum(sizes) == len(points)
assert agreeing > 0.999, "the lists are not the clusters"
index.nprobe = clusters
found = index.search(points[:10], 1)[1].ravel()
assert (found == np.arange(10)).all(), "a point is not its own nearest neighbour"

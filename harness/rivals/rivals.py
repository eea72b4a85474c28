#!/usr/bin/env python3
"""Other k-means libraries behind the line protocol of `exakt compare` (docs/compare.md).

    python3 rivals.py sklearn-lloyd|sklearn-elkan|faiss|superkmeans
    python3 rivals.py --check [NAME ...]     which of them can be imported

Every library gets float32 rows in C order that are in memory before the clock starts, the start it is given, and the
settings that make it fastest without changing what it computes. The clock runs around its own fit and nothing else.
"""
import os
import random
import sys
import time
import warnings

PACKAGES = {"sklearn-lloyd": "scikit-learn", "sklearn-elkan": "scikit-learn", "faiss": "faiss-cpu",
            "superkmeans": "superkmeans"}


class SkLearn:
    """scikit-learn's KMeans. Its fit ends with a labelling of all points, which is part of it."""

    def __init__(self, algorithm):
        import sklearn
        from sklearn.cluster import KMeans
        sklearn.set_config(assume_finite=True)
        self.library = f"scikit-learn {sklearn.__version__}"
        self.converges = True
        self.note = ""
        self.algorithm = algorithm
        self.make = KMeans

    def load(self, points, start, threads):
        self.points, self.start = points, start

    def fit(self, iterations):
        model = self.make(len(self.start), init=self.start, n_init=1, max_iter=iterations, tol=0,
                          algorithm=self.algorithm)
        began = time.perf_counter()
        model.fit(self.points)
        seconds = time.perf_counter() - began
        return seconds, model.n_iter_, model.labels_, model.cluster_centers_


class Faiss:
    """faiss.Clustering on a flat index. It labels nothing; the labels are looked up after the clock has stopped."""

    def __init__(self):
        import faiss
        self.faiss = faiss
        self.library = f"faiss {faiss.__version__}"
        self.converges = False
        self.note = "no sampling; labels from its flat index, not timed"

    def load(self, points, start, threads):
        self.points, self.start = points, start
        self.faiss.omp_set_num_threads(threads)

    def fit(self, iterations):
        faiss, (n, d), k = self.faiss, self.points.shape, len(self.start)
        settings = faiss.ClusteringParameters()
        settings.niter = iterations
        settings.nredo = 1
        settings.min_points_per_centroid = 1
        settings.max_points_per_centroid = n
        settings.spherical = False
        settings.verbose = False
        if hasattr(settings, "check_input_data_for_NaNs"):
            settings.check_input_data_for_NaNs = False
        clustering = faiss.Clustering(d, k, settings)
        faiss.copy_array_to_vector(self.start.ravel(), clustering.centroids)
        index = faiss.IndexFlatL2(d)
        began = time.perf_counter()
        clustering.train(self.points, index)
        seconds = time.perf_counter() - began
        centroids = faiss.vector_to_array(clustering.centroids).reshape(k, d)
        index.reset()
        index.add(centroids)
        labels = index.search(self.points, 1)[1].ravel()
        return seconds, clustering.iteration_stats.size(), labels, centroids


class SuperKMeans:
    """The library takes no centroids: it starts from the rows that a shuffle with its seed brings to the front. So
    the rows are brought into an order in which those are the start, where a small trial confirms how it shuffles and
    all of the start are rows; else it has a start of its own, and says so."""

    SEED = 42

    def __init__(self):
        import superkmeans
        self.module = superkmeans
        self.library = f"superkmeans {superkmeans.__version__}"
        self.converges = False
        self.note = "same start by reordered rows; labels not timed"

    def make(self, k, d, iterations, threads):
        return self.module.SuperKMeans(k, d, hierarchical=False, iters=iterations, sampling_fraction=1.0,
                                       max_points_per_cluster=2**31 - 1, n_threads=threads, seed=self.SEED, tol=0.0,
                                       early_termination=False, verbose=False)

    def load(self, points, start, threads):
        import numpy as np
        self.threads, self.k = threads, len(start)
        self.order = self.order_for(points, start)
        if self.order is None:
            self.order = np.arange(len(points))
            self.note = "another start than the others: it takes none; labels not timed"
            self.points = points
        else:
            self.points = points[self.order]

    def fit(self, iterations):
        import numpy as np
        model = self.make(self.k, self.points.shape[1], iterations, self.threads)
        began = time.perf_counter()
        centroids = model.train(self.points)
        seconds = time.perf_counter() - began
        labels = np.empty(len(self.points), np.int32)
        labels[self.order] = model.assign(self.points, centroids)
        return seconds, len(model.iteration_stats), labels, centroids

    def order_for(self, points, start):
        """Rows in an order in which the library's start is `start`, or None."""
        import numpy as np
        front = self.front(len(points))
        rows = rows_of(points, start)
        if front is None or rows is None:
            return None
        order = np.arange(len(points))
        place = order.copy()  # where a row is by now
        for at, row in zip(front[:len(rows)], rows):
            there, other = place[row], order[at]
            order[at], order[there] = row, other
            place[row], place[other] = at, there
        return order

    def front(self, n):
        """What the shuffle brings to the front, as far as a trial on few columns confirms it."""
        import numpy as np
        k = min(8, n)
        points = np.random.default_rng(1).standard_normal((n, 8), dtype=np.float32)
        model = self.make(k, 8, 1, self.threads)
        found = model.train(points)
        for draw in (draw_by_product, draw_by_division):
            front = shuffled(n, self.SEED, draw)
            start = points[front[:k]]
            nearest = ((start * start).sum(1) / 2 - points @ start.T).argmin(1)
            expected = np.array([points[nearest == j].mean(0) for j in range(k)])
            if np.allclose(found, expected, atol=1e-3):
                return front
        return None


def draw_by_product(words, count):
    """std::uniform_int_distribution over `count` numbers from 32-bit words, as libstdc++ has it since version 11."""
    threshold = (1 << 32) % count
    product = next(words) * count
    while (product & 0xffffffff) < threshold:
        product = next(words) * count
    return product >> 32


def draw_by_division(words, count):
    """The same in earlier versions."""
    scale = 0xffffffff // count
    word = next(words)
    while word >= count * scale:
        word = next(words)
    return word // scale


def words_of(seed):
    """The words of std::mt19937 (Matsumoto and Nishimura, 1998), whose state Python's own generator can take."""
    state = [seed]
    for i in range(1, 624):
        state.append((1812433253 * (state[-1] ^ (state[-1] >> 30)) + i) & 0xffffffff)
    twister = random.Random()
    twister.setstate((3, (*state, 624), None))
    while True:
        yield twister.getrandbits(32)


def shuffled(n, seed, draw):
    """0 to n-1 after libstdc++'s std::shuffle by std::mt19937(seed): two places from one word while that is enough."""
    order, words, i = list(range(n)), words_of(seed), 1

    def swap(i, j):
        order[i], order[j] = order[j], order[i]

    if 0xffffffff // n >= n:
        if n % 2 == 0 and n > 1:
            swap(1, draw(words, 2))
            i = 2
        while i < n:
            both = draw(words, (i + 1) * (i + 2))
            swap(i, both // (i + 2))
            swap(i + 1, both % (i + 2))
            i += 2
    else:
        for i in range(1, n):
            swap(i, draw(words, i + 1))
    return order


def rows_of(points, start):
    """A row for each start point, each row once; None if some start point is no row."""
    import numpy as np
    part = points[:4096]
    column = max(range(points.shape[1]), key=lambda j: len(np.unique(part[:, j])))
    values, taken, rows = np.ascontiguousarray(points[:, column]), set(), []
    for centroid in start:
        alike = np.flatnonzero(values == centroid[column])
        alike = alike[(points[alike] == centroid).all(1)]
        row = next((int(i) for i in alike if int(i) not in taken), None)
        if row is None:
            return None
        taken.add(row)
        rows.append(row)
    return rows


MAKERS = {"sklearn-lloyd": lambda: SkLearn("lloyd"), "sklearn-elkan": lambda: SkLearn("elkan"), "faiss": Faiss,
          "superkmeans": SuperKMeans}


def blas_core(library):
    """The core type of the BLAS that the library brings along, as threadpoolctl knows it; "" if it does not."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return ""
    cores = [(entry["filepath"], entry.get("architecture") or "") for entry in threadpool_info()
             if entry["user_api"] == "blas"]
    own = {"scikit-learn": "scipy.libs"}.get(library, library.replace("-", "_"))
    mine = [core for path, core in cores if own in path]
    return (mine or [core for _, core in cores] or [""])[0]


def answer(channel, *words):
    clean = (" ".join(str(word).split()) for word in words)
    channel.write("\t".join(clean) + "\n")
    channel.flush()


def load(rival, points, start, threads):
    import numpy as np
    arrays = [np.ascontiguousarray(np.load(path), dtype=np.float32) for path in (points, start)]
    rival.load(*arrays, int(threads))


def fit(rival, iterations, labels_path, centroids_path):
    import numpy as np
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seconds, count, labels, centroids = rival.fit(int(iterations))
    np.ascontiguousarray(labels, dtype=np.int32).tofile(labels_path)
    np.ascontiguousarray(centroids, dtype=np.float32).tofile(centroids_path)
    return seconds, count


def serve(name, requests, channel):
    try:
        rival = MAKERS[name]()
    except ImportError as error:
        answer(channel, "missing", f"{sys.executable} -m pip install {PACKAGES[name]}", error)
        return
    for line in requests:
        request, *words = line.rstrip("\n").split("\t")
        try:
            if request == "load":
                load(rival, *words)
                answer(channel, "ready", f"library={rival.library}", f"blas={blas_core(PACKAGES[name])}",
                       f"note={rival.note}", f"converges={'yes' if rival.converges else 'no'}")
            elif request == "fit":
                answer(channel, "done", *(repr(float(x)) if i == 0 else int(x)
                                          for i, x in enumerate(fit(rival, *words))))
            else:
                return
        except Exception as error:  # of whatever library: the other side reports it
            answer(channel, "failed", type(error).__name__ + ": " + str(error))
            return


def check(names):
    """A line for each library that cannot be imported; the exit status is their number."""
    missing = 0
    for name in names or MAKERS:
        try:
            MAKERS[name]()
        except ImportError as error:
            print(f"{name}: {error}")
            missing += 1
    return missing


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "--check":
        sys.exit(check(sys.argv[2:]))
    if len(sys.argv) != 2 or sys.argv[1] not in MAKERS:
        sys.exit(__doc__)
    # What a library prints must not get between the answers.
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(sys.argv[1], sys.stdin, channel)


if __name__ == "__main__":
    main()

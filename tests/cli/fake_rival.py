"""A rival for tests that solves nothing: its centroids are the start, its labels the nearest of them, and it can be
told what to do wrong. Speaks the protocol of docs/compare.md.

    python3 fake_rival.py WHAT [FIT]     at its FIT-th fit, counted from 1 (default: 1)
"""
import array
import os
import struct
import sys
import time

what = sys.argv[1]
when = int(sys.argv[2]) if len(sys.argv) > 2 else 1


def matrix(path):
    with open(path, "rb") as file:
        content = file.read()
    header = struct.unpack("<H", content[8:10])[0]
    shape = eval(content[10:10 + header].decode())["shape"]
    values = array.array("f")
    values.frombytes(content[10 + header:])
    return [tuple(values[i * shape[1]:(i + 1) * shape[1]]) for i in range(shape[0])]


def nearest(point, centroids):
    distances = [sum((a - b) ** 2 for a, b in zip(point, c)) for c in centroids]
    least = min(distances)
    order = range(len(centroids)) if what != "tied" else reversed(range(len(centroids)))
    return next(j for j in order if distances[j] == least)


def farthest(point, centroids):
    distances = [sum((a - b) ** 2 for a, b in zip(point, c)) for c in centroids]
    return distances.index(max(distances))


def say(*words):
    print("\t".join(str(word) for word in words), flush=True)


def notes():
    known = [f"threads={os.environ.get('OMP_NUM_THREADS')}/{os.environ.get('OPENBLAS_NUM_THREADS')}",
             f"cpus={len(os.sched_getaffinity(0))}", f"policy={os.environ.get('OMP_WAIT_POLICY')}"]
    fields = ["library=fake 1.0", "note=" + " ".join(known), "later=ignored"]
    if what == "weak":
        fields.append("blas=" + os.environ.get("OPENBLAS_CORETYPE", "Prescott"))
    if what == "endless":
        fields.append("converges=no")
    return fields


if what == "pid":
    with open(sys.argv[3], "w") as file:
        file.write(str(os.getpid()))
if what == "missing":
    say("missing", "pip install something")
    sys.exit()

fits = 0
for line in sys.stdin:
    request, *words = line.rstrip("\n").split("\t")
    if request == "load":
        points, start = matrix(words[0]), matrix(words[1])
        assert int(words[2]) >= 1
        if what == "refuses":
            say("failed", "too many columns")
            sys.exit()
        if what == "deaf":
            os.close(0)
        say("ready", *notes())
    elif request == "fit":
        began = time.perf_counter()
        fits += 1
        due = fits == when
        if what == "crash" and due:
            os.abort()
        if what == "leave" and due:
            sys.exit("no more memory")
        if what in ("hang", "pid") and due:
            time.sleep(3600)
        if what == "garbage" and due:
            print("Iteration 1, inertia 3.5\x1b[2J", flush=True)
            continue
        labels = [nearest(point, start) for point in points]
        if what == "wrong" and due:
            for i in range(7):
                labels[i] = farthest(points[i], start)
        if what == "range" and due:
            labels[3] = len(start)
        if what == "short" and due:
            labels.pop()
        if what == "long" and due:
            labels.append(0)
        centroids = [value for c in start for value in c]
        if what == "nan" and due:
            centroids[2] = float("nan")
        if not (what == "nothing" and due):
            with open(words[1], "wb") as file:
                array.array("i", labels).tofile(file)
            with open(words[2], "wb") as file:
                array.array("f", centroids).tofile(file)
        seconds = time.perf_counter() - began
        if what == "boast" and due:
            seconds = 3600.0
        if what == "number" and due:
            seconds = "nan"
        iterations = int(words[0]) + (what == "more" and due)
        say("done", seconds, iterations)
    else:
        sys.exit()

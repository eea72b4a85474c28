#!/usr/bin/env python3
"""Shows that the tests see what they claim to see: breaks a copy of the library in one place at a time (table.py)
and asks which test notices. Fails if one goes unnoticed, or if its text is no longer in the sources."""
import argparse
import os
import queue
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
from table import MUTANTS  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
COPIED = ["CMakeLists.txt", "cmake", "datasets", "docs", "harness", "include", "kernels", "results", "tests", "tuner"]
# Target and command, the quick ones first: they catch most.
CATCHERS = {
    "test_exact": ("test_exact", ["tests/test_exact", "--abort"]),
    "test_lloyd": ("test_lloyd", ["tests/test_lloyd", "--abort"]),
    "test_golden": ("test_golden", ["tests/test_golden", "--abort"]),
    "test_variants": ("test_variants", ["tests/test_variants", "--abort"]),
    "test_bytes": ("test_bytes", ["tests/test_bytes", "--abort"]),
    "test_bounds": ("test_bounds", ["tests/test_bounds", "--abort"]),
    "test_skipping": ("test_skipping", ["tests/test_skipping", "--abort"]),
}
# What shows a mistake outside the library: kernels do not know of it, so the others would be asked in vain.
LABORATORY = {
    "test_counters": ("test_counters", ["tests/test_counters", "--abort"]),
    "test_counts": ("test_counts", ["tests/bench/test_counts", "--abort"]),
    "test_formats": ("test_formats", ["tests/bench/test_formats", "--abort"]),
}
# A broken copy may ask for any amount of memory.
CONFINED = ["prlimit", f"--as={8 << 30}"]


def catchers_for(file):
    return CATCHERS if file.startswith("kernels/") else LABORATORY


class Broken(Exception):
    """The check itself cannot be carried out."""


def write_if_changed(path, text):
    if not path.exists() or path.read_bytes() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)


def copy_sources(target):
    """An exact copy that leaves equal files alone, so that a second run builds little."""
    wanted = set()
    for name in COPIED:
        origin = ROOT / name
        for path in [origin] if origin.is_file() else origin.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                wanted.add(path.relative_to(ROOT))
    for path in wanted:
        write_if_changed(target / path, (ROOT / path).read_bytes())
    for path in [p for p in target.rglob("*") if p.is_file()]:
        if path.relative_to(target) not in wanted:
            path.unlink()


def called(command, folder, limit=None):
    """Exit status and output; status None if it took too long."""
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    environment.pop("EXAKT_ISA", None)
    try:
        done = subprocess.run(command, cwd=folder, env=environment, timeout=limit, text=True, errors="replace",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except subprocess.TimeoutExpired:
        return None, ""
    return done.returncode, done.stdout


def failed_test(output):
    """The name of the first test case that Catch2, or verify, complains about."""
    case = re.search(r"^-{70,}\n(.+)\n", output, re.MULTILINE)
    complaint = re.search(r"^FAIL.*?\((.+?)\)", output, re.MULTILINE)
    found = case or complaint
    return f": {found.group(1).strip()}" if found else ""


class Workshop:
    """One copy of the sources and its build."""

    def __init__(self, folder, jobs):
        self.source, self.build_folder, self.jobs = folder / "source", folder / "build", jobs
        self.limits = dict.fromkeys({**CATCHERS, **LABORATORY}, 300.0)

    def prepare(self, catchers):
        copy_sources(self.source)
        self.must(["cmake", "-S", self.source, "-B", self.build_folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None",
                   "-DCMAKE_C_FLAGS=-O1", "-DCMAKE_CXX_FLAGS=-O1"])
        self.build([target for target, _ in catchers.values()])

    def must(self, command):
        status, output = called([str(word) for word in command], self.source)
        if status != 0:
            raise Broken(output[-3000:])

    def build(self, targets):
        self.must(["cmake", "--build", self.build_folder, "-j", self.jobs, "--target", *targets])

    def catcher(self, catchers):
        """What fails, or None if everything passes."""
        for name, (target, command) in catchers.items():
            self.build([target])
            status, output = called(CONFINED + command, self.build_folder, self.limits[name])
            if status is None:
                return f"{name}: never ends"
            if status != 0:
                return name + failed_test(output)
        return None

    def time_catchers(self, catchers):
        """The unbroken copy must pass; how long it takes tells when a broken one hangs."""
        for name, (_, command) in catchers.items():
            started = time.monotonic()
            status, output = called(CONFINED + command, self.build_folder, self.limits[name])
            if status != 0:
                raise Broken(f"the unbroken copy does not pass {name}:\n{output[-3000:]}")
            self.limits[name] = 15 + 8 * (time.monotonic() - started)

    def try_mutant(self, mutant):
        path = self.source / mutant.file
        original = path.read_text()
        path.write_text(mutated(original, mutant))
        try:
            return self.catcher(catchers_for(mutant.file))
        finally:
            path.write_text(original)


def mutated(text, mutant):
    if text.count(mutant.old) != 1:
        raise Broken(f"{mutant.name}: its text occurs {text.count(mutant.old)} times in {mutant.file}, not once")
    return text.replace(mutant.old, mutant.new)


def work(workshop, waiting, results, lock, until):
    while time.monotonic() < until:
        try:
            mutant = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            verdict = workshop.try_mutant(mutant) or "NOT CAUGHT"
        except Broken as problem:
            verdict = f"BROKEN {problem}"
        with lock:
            results[mutant.name] = verdict
            print(f"{mutant.name:<34} | {verdict}", flush=True)


def selected(names):
    unknown = set(names) - {mutant.name for mutant in MUTANTS}
    if unknown:
        raise Broken(f"no mutant {', '.join(sorted(unknown))}; --list shows them")
    return [mutant for mutant in MUTANTS if not names or mutant.name in names]


def check_table():
    """Before anything is built: every text is in its file, every name is used once."""
    names = [mutant.name for mutant in MUTANTS]
    if len(set(names)) != len(names):
        raise Broken("two mutants have the same name")
    for mutant in MUTANTS:
        mutated((ROOT / mutant.file).read_text(), mutant)


def turned(mutants):
    """Beginning at a mutant that depends on the commit, so that a run cut short sees others next time."""
    status, commit = called(["git", "rev-parse", "HEAD"], ROOT)
    start = int(commit[:8], 16) % len(mutants) if status == 0 else 0
    return mutants[start:] + mutants[:start]


def run_mutants(folder, mutants, workers, seconds):
    jobs = max(1, (os.cpu_count() or 1) // workers)
    workshops = [Workshop(folder / str(i), jobs) for i in range(workers)]
    catchers = {}
    for mutant in mutants:
        catchers.update(catchers_for(mutant.file))
    for workshop in workshops:
        workshop.prepare(catchers)
    workshops[0].time_catchers(catchers)
    waiting, results, lock = queue.Queue(), {}, threading.Lock()
    for mutant in mutants:
        waiting.put(mutant)
    threads, until = [], time.monotonic() + seconds
    for workshop in workshops:
        workshop.limits = workshops[0].limits
        threads.append(threading.Thread(target=work, args=(workshop, waiting, results, lock, until)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "mutants", help="folder to work in")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="this mutant; may be repeated")
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1), help="mutants tried at a time")
    parser.add_argument("--within", type=float, default=float("inf"), metavar="SECONDS",
                        help="try no more after that time, beginning with another one at every commit")
    parser.add_argument("--list", action="store_true", help="print the mutants and why they matter")
    options = parser.parse_args()
    if options.list:
        for mutant in MUTANTS:
            print(f"{mutant.name:<34} {mutant.file:<26} {mutant.why}")
        return 0
    try:
        check_table()
        mutants = selected(options.only)
        print(f"{'mutant':<34} | caught by", flush=True)
        if options.within < float("inf"):
            mutants = turned(mutants)
        results = run_mutants(options.build.resolve(), mutants, max(1, min(options.workers, len(mutants))),
                              options.within)
    except Broken as problem:
        print(problem, file=sys.stderr)
        return 2
    escaped = [name for name, verdict in results.items() if verdict.startswith(("NOT CAUGHT", "BROKEN"))]
    print(f"{len(results) - len(escaped)} of {len(results)} mutants caught; {len(mutants) - len(results)} were not tried")
    return 1 if escaped else 0


if __name__ == "__main__":
    sys.exit(main())

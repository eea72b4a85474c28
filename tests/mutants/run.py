#!/usr/bin/env python3
"""Shows that the tests see what they claim to see: breaks a copy of the library in one place at a time (table.py)
and asks which test notices. Fails if one goes unnoticed, or if its text is no longer in the sources."""
import argparse
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
from table import MUTANTS  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
COPIED = ["CMakeLists.txt", "cmake", "datasets", "docs", "harness", "include", "kernels", "results", "tests", "tuner"]
# Target and command, those that catch most first.
CATCHERS = {
    "test_exact": ("test_exact", ["tests/test_exact", "--abort"]),
    "test_lloyd": ("test_lloyd", ["tests/test_lloyd", "--abort"]),
    "test_golden": ("test_golden", ["tests/test_golden", "--abort"]),
    "test_variants": ("test_variants", ["tests/test_variants", "--abort"]),
    "test_bytes": ("test_bytes", ["tests/test_bytes", "--abort"]),
    "test_projected": ("test_projected", ["tests/test_projected", "--abort"]),
    "test_half": ("test_half", ["tests/test_half", "--abort"]),
    "test_bounds": ("test_bounds", ["tests/test_bounds", "--abort"]),
    "test_skipping": ("test_skipping", ["tests/test_skipping", "--abort"]),
    "verify": ("exakt_cli", ["./exakt", "verify", "--quick"]),
}
# What shows a mistake outside the library: kernels do not know of it, so the others would be asked in vain.
LABORATORY = {
    "test_counters": ("test_counters", ["tests/test_counters", "--abort"]),
    "test_counts": ("test_counts", ["tests/bench/test_counts", "--abort"]),
    "test_formats": ("test_formats", ["tests/bench/test_formats", "--abort"]),
}
# Who is asked first about which files.
FIRST = {
    "kernels/bounds/": "test_skipping",
    "kernels/int8/": "test_bytes",
    "kernels/vec/dot_": "test_bytes",
    "kernels/half/": "test_half",
    "kernels/vec/half_": "test_half",
}
SLOW = {"verify"}  # too slow for a run of limited time
# A broken copy may ask for any amount of memory.
CONFINED = ["prlimit", f"--as={8 << 30}"]
PATIENCE, LITTLE_PATIENCE = 300.0, 20.0  # seconds for what has not been timed; those of a run of limited time


def catchers_for(mutant, left_out=frozenset()):
    """Name, target and command of whom to ask, in that order."""
    if mutant.asks:
        names = [mutant.asks]
    else:
        names = list(CATCHERS if mutant.file.startswith("kernels/") else LABORATORY)
        for files, first in FIRST.items():
            if mutant.file.startswith(files):
                names.sort(key=lambda name: name != first)
    return {name: {**CATCHERS, **LABORATORY}[name] for name in names if name not in left_out}


class Broken(Exception):
    """The check itself cannot be carried out."""


class OutOfTime(Exception):
    """The run as a whole is over."""


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


def end(process):
    """Politely first: ninja then ends its compilers, which are no part of the process group."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, sign)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            continue


def called(command, folder, limit=None):
    """Exit status and output; status None if it took too long. What it started ends with it."""
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    environment.pop("EXAKT_ISA", None)
    with subprocess.Popen(command, cwd=folder, env=environment, text=True, errors="replace", start_new_session=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            return None, ""
        finally:
            end(process)
        return process.returncode, output


def failed_test(output):
    """The name of the first test case that Catch2, or verify, complains about."""
    case = re.search(r"^-{70,}\n(.+)\n", output, re.MULTILINE)
    complaint = re.search(r"^FAIL.*?\((.+?)\)", output, re.MULTILINE)
    found = case or complaint
    return f": {found.group(1).strip()}" if found else ""


class Workshop:
    """One copy of the sources and its build."""

    def __init__(self, folder, jobs, until=float("inf"), left_out=frozenset()):
        self.source, self.build_folder, self.jobs = folder / "source", folder / "build", jobs
        self.until, self.left_out = until, left_out
        self.limits = dict.fromkeys({**CATCHERS, **LABORATORY}, LITTLE_PATIENCE if left_out else PATIENCE)

    def prepare(self):
        copy_sources(self.source)
        self.must(["cmake", "-S", self.source, "-B", self.build_folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None",
                   "-DCMAKE_C_FLAGS=-O1", "-DCMAKE_CXX_FLAGS=-O1"])

    def called(self, command, folder, limit):
        """The same; nothing goes on when the time is over."""
        left = self.until - time.monotonic()
        shorter = max(0.0, min(limit, left))
        status, output = called(command, folder, shorter if shorter < float("inf") else None)
        if status is None and left < limit:
            raise OutOfTime
        return status, output

    def must(self, command):
        status, output = self.called([str(word) for word in command], self.source, float("inf"))
        if status != 0:
            raise Broken(output[-3000:])

    def build(self, targets):
        self.must(["cmake", "--build", self.build_folder, "-j", self.jobs, "--target", *targets])

    def ask(self, name, command):
        return self.called(CONFINED + command, self.build_folder, self.limits[name])

    def catcher(self, catchers):
        """What fails, or None if everything passes."""
        for name, (target, command) in catchers.items():
            self.build([target])
            status, output = self.ask(name, command)
            if status is None:
                return f"{name}: never ends"
            if status != 0:
                return name + failed_test(output)
        return None

    def time_catchers(self, catchers):
        """The unbroken copy must pass; how long it takes tells when a broken one hangs."""
        self.build([target for target, _ in catchers.values()])
        for name, (_, command) in catchers.items():
            started = time.monotonic()
            status, output = self.ask(name, command)
            if status != 0:
                raise Broken(f"the unbroken copy does not pass {name}:\n{output[-3000:]}")
            self.limits[name] = 15 + 8 * (time.monotonic() - started)

    def try_mutant(self, mutant):
        path = self.source / mutant.file
        original = path.read_text()
        path.write_text(mutated(original, mutant))
        try:
            return self.catcher(catchers_for(mutant, self.left_out))
        finally:
            path.write_text(original)


def mutated(text, mutant):
    if text.count(mutant.old) != 1:
        raise Broken(f"{mutant.name}: its text occurs {text.count(mutant.old)} times in {mutant.file}, not once")
    return text.replace(mutant.old, mutant.new)


def work(workshop, waiting, results, lock):
    while True:
        try:
            mutant = waiting.get_nowait()
            verdict = workshop.try_mutant(mutant) or "NOT CAUGHT"
        except (queue.Empty, OutOfTime):
            return
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


def lacking_here():
    """The instruction sets of isa.inc that this CPU lacks a feature of."""
    flags = set()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            flags = {flag.replace("_", "") for flag in line.split(":")[1].split()}
            break
    rows = re.findall(r'^EXK_ISA\((\w+), .*"([^"]*)"\)', (ROOT / "kernels/isa.inc").read_text(), re.MULTILINE)
    return {name for name, features in rows if not {f.replace("-", "") for f in features.split()} <= flags}


def runs_here(mutant, lacking):
    """Whether its code runs on this CPU: kernels/vec/*_ISA.h is that of one instruction set."""
    header = re.fullmatch(r"kernels/vec/\w+_(\w+)\.h", mutant.file)
    return not (header and header.group(1) in lacking)


def try_all(workshops, mutants):
    """The verdicts on as many as there is time for."""
    waiting, results, lock = queue.Queue(), {}, threading.Lock()
    for mutant in mutants:
        waiting.put(mutant)
    threads = [threading.Thread(target=work, args=(workshop, waiting, results, lock)) for workshop in workshops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def run_mutants(folder, mutants, workers):
    """All of them, by a few workshops."""
    jobs = max(1, (os.cpu_count() or 1) // workers)
    workshops = [Workshop(folder / str(i), jobs) for i in range(workers)]
    catchers = {}
    for mutant in mutants:
        catchers.update(catchers_for(mutant))
    for workshop in workshops:
        workshop.prepare()
    workshops[0].time_catchers(catchers)
    for workshop in workshops:
        workshop.limits = workshops[0].limits
    return try_all(workshops, mutants)


def run_within(folder, mutants, seconds):
    """One after the other, with all cores and nothing built or timed before it is wanted."""
    workshop = Workshop(folder / "0", os.cpu_count() or 1, time.monotonic() + seconds, SLOW)
    try:
        workshop.prepare()
    except OutOfTime:
        return {}
    return try_all([workshop], mutants)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "mutants", help="folder to work in")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="this mutant; may be repeated")
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1), help="mutants tried at a time")
    parser.add_argument("--within", type=float, metavar="SECONDS",
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
        lacking, folder = lacking_here(), options.build.resolve()
        left_out = [mutant.name for mutant in mutants if not runs_here(mutant, lacking)]
        if left_out:
            print(f"this CPU cannot run {', '.join(left_out)}")
        candidates = [mutant for mutant in mutants if mutant.name not in left_out]
        print(f"{'mutant':<34} | caught by", flush=True)
        if options.within:
            quick = [mutant for mutant in candidates if catchers_for(mutant, SLOW)]
            results = run_within(folder, turned(quick), options.within)
        else:
            results = run_mutants(folder, candidates, max(1, min(options.workers, len(candidates))))
    except Broken as problem:
        print(problem, file=sys.stderr)
        return 2
    escaped = [name for name, verdict in results.items() if verdict.startswith(("NOT CAUGHT", "BROKEN"))]
    print(f"{len(results) - len(escaped)} of {len(results)} mutants caught; {len(mutants) - len(results)} were not tried")
    return 1 if escaped else 0


if __name__ == "__main__":
    sys.exit(main())

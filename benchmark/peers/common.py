"""What the Python peers share: the tensors of the task in argv, the clock, and the line of JSON for each mode."""

import importlib
import json
import os
import sys
import time

NOT_INSTALLED = 77
NO_WORKLOAD = 78
STRETCH = 0.0005
WARM_UP = 0.03
LEAST_ROUNDS = 3

TASK = json.loads(sys.argv[1])
THREADS = TASK["threads"]
NAME = TASK["name"]

# Read when the libraries are loaded: before any import of them.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = str(THREADS)
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if hasattr(os, "sched_setaffinity"):
    # XLA takes no number of threads; it looks at what it may run on.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])


def need(module):
    """A library, or the exit code that says that there is none."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        print(error, file=sys.stderr)
        sys.exit(NOT_INSTALLED)


np = need("numpy")


def tensors():
    """Prediction and target as NumPy arrays; labels lose the class axis."""
    with open(os.path.join(TASK["folder"], "tensors.json"), encoding="utf-8") as file:
        described = json.load(file)
    shape = described["shape"]

    def read(name):
        return np.fromfile(os.path.join(TASK["folder"], name + ".bin"), dtype=described[name])

    prediction, target = read("prediction").reshape(shape), read("target")
    labels = target.size != prediction.size or shape[1] == 1
    return prediction, target.reshape([shape[0], *shape[2:]] if labels and len(shape) > 3 else shape)


def report(peer, mode, call):
    """Times `call`, which returns the loss once it is computed, and prints the row."""
    began = time.perf_counter()
    calls = 0
    while calls < 2 or time.perf_counter() - began < WARM_UP:
        start = time.perf_counter()
        loss = call()
        taken = time.perf_counter() - start
        calls += 1
    calls = 1 if taken >= STRETCH else max(1, round(STRETCH / taken))
    times = []
    began = time.perf_counter()
    for turn in range(TASK["rounds"]):
        if turn >= LEAST_ROUNDS and (time.perf_counter() - began) * 1000 > TASK["budget"]:
            break
        start = time.perf_counter()
        for _ in range(calls):
            loss = call()
        times.append((time.perf_counter() - start) * 1000 / calls)
    lower, median, upper = np.quantile(times, [0.25, 0.5, 0.75])
    summary = {"median": median, "lower": lower, "upper": upper, "rounds": len(times)}
    # JSON has no NaN.
    found = float(loss) if np.isfinite(loss) else None
    row = {"peer": peer, "name": NAME, "mode": mode, "threads": THREADS, "taken": summary, "loss": found}
    print(json.dumps(row), flush=True)


def leave_out(reason):
    """Ends without a row: this peer does not have this workload."""
    print(reason, file=sys.stderr)
    sys.exit(NO_WORKLOAD)

"""Runs a command with the kernels of several processors: `make test-kernels`.

torch, OpenBLAS (numpy and scipy) and MKL (torch, in most builds) choose their kernels by the
processor, and sums that are taken in another order round differently.
"""

import os
import subprocess
import sys

RUNS = {
    "DEFAULT": {
        "ATEN_CPU_CAPABILITY": "default",
        "OPENBLAS_CORETYPE": "Sandybridge",
        "MKL_CBWR": "COMPATIBLE",  # MKL_ENABLE_INSTRUCTIONS changes nothing on AMD's processors
        "OMP_NUM_THREADS": "1",
    },
    "AVX2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "OPENBLAS_CORETYPE": "Haswell",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "OMP_NUM_THREADS": "2",
    },
    "AVX512": {
        "ATEN_CPU_CAPABILITY": "avx512",
        "OPENBLAS_CORETYPE": "SkylakeX",
        "OMP_NUM_THREADS": "1",
    },
}

# MKL_VERBOSE lets MKL say which kernels it has chosen, when it is first called.
DESCRIPTION = """
import scipy.linalg, threadpoolctl, torch
torch.ones(99, 99) @ torch.ones(99, 99)
print("torch:", torch.backends.cpu.get_cpu_capability(), torch.get_num_threads(), "threads")
for pool in threadpoolctl.threadpool_info():
    print(pool["prefix"] + ":", pool.get("architecture", ""), pool["num_threads"], "threads")
"""


def capability():
    """The best kernels that torch finds for this processor."""
    code = "import torch; print(torch.backends.cpu.get_cpu_capability())"
    env = {key: value for key, value in os.environ.items() if key != "ATEN_CPU_CAPABILITY"}
    shown = subprocess.run([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True)
    return shown.stdout.strip()


def main(command):
    here = capability()
    levels = list(RUNS)
    n_possible = levels.index(here) + 1 if here in levels else 0
    failed = False
    for i, (level, settings) in enumerate(RUNS.items()):
        print("\n" + " ".join(f"{key}={value}" for key, value in settings.items()), flush=True)
        if i >= n_possible:
            print(f"skipped: torch finds {here} here, and no {level}", flush=True)
            continue
        env = {**os.environ, **settings}
        describe = [sys.executable, "-c", DESCRIPTION]
        subprocess.run(describe, env={**env, "MKL_VERBOSE": "1"}, check=True)
        failed |= subprocess.run([sys.executable, *command], env=env).returncode != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

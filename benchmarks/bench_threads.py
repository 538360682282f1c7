"""Training with all threads against training with one, in the cases of the table.

The package chooses how many of the threads that it may use it does use. It should
never lose by having more: what is printed is the time of a fit with all of them, in
parts of the time of the same fit limited to one.
"""

import argparse

from contenders import cases, median_ratios, skann, time_in_turns
from machine import describe
from threadpoolctl import threadpool_limits


def measure(case, rounds):
    """Median over the rounds of all threads' time, in parts of one thread's."""
    fit = skann(case)

    def all_threads():
        fit(case.epochs)

    def one_thread():
        with threadpool_limits(1):
            fit(case.epochs)

    seconds = time_in_turns({"all": all_threads, "one": one_thread}, rounds)
    return median_ratios(seconds, "one")["all"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="*", help="names of cases; default all")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    print(describe())
    print()
    print("| case | time with all threads ÷ with one |")
    print("|---|---|")
    for case in cases(options.cases):
        print(f"| {case.name} | {measure(case, options.rounds):.2f} |", flush=True)


if __name__ == "__main__":
    main()

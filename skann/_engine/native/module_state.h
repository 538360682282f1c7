/* What each instance of the module has, and how its calls look for signals. */
#ifndef SKANN_MODULE_STATE_H
#define SKANN_MODULE_STATE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "engine.h"
#include "thread_pool.h"

typedef struct {
    int level; /* of vector instructions, in use; atomic */
} ModuleState;

static inline int level_in_use(const ModuleState *state)
{
    return __atomic_load_n(&state->level, __ATOMIC_RELAXED);
}

/* Called with the interpreter released, by the thread that has released it. */
static inline int raise_signals(void *data)
{
    PyThreadState **state = data;
    PyEval_RestoreThread(*state);
    const unsigned before = n_forks();
    int is_raised = PyErr_CheckSignals() < 0;
    if (!is_raised && n_forks() != before) {
        PyErr_SetString(PyExc_RuntimeError,
                        "a signal handler has forked while the engine was at work: its "
                        "threads are not in this process");
        is_raised = 1;
    }
    *state = PyEval_SaveThread();
    return is_raised;
}

#endif

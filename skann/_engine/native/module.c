/* The engine as a Python module, _compiled. Only binding.py imports it. */
#include <string.h>

#include "convert.h"
#include "dispatch.h"
#include "module_state.h"
#include "training_type.h"

/* -- levels of vector instructions ----------------------------------------------- */

static PyObject *module_levels(PyObject *module, PyObject *args)
{
    (void)module, (void)args;
    PyObject *names = PyTuple_New(n_levels());
    for (int i = 0; names && i < n_levels(); i++) {
        PyObject *name = PyUnicode_FromString(level_name(i));
        if (!name || PyTuple_SetItem(names, i, name) < 0)
            Py_CLEAR(names);
    }
    return names;
}

static PyObject *module_level(PyObject *module, PyObject *args)
{
    (void)args;
    const ModuleState *state = PyModule_GetState(module);
    return PyUnicode_FromString(level_name(level_in_use(state)));
}

static PyObject *module_use_level(PyObject *module, PyObject *args)
{
    ModuleState *state = PyModule_GetState(module);
    const char *name;
    if (!PyArg_ParseTuple(args, "s", &name))
        return NULL;
    for (int i = 0; i < n_levels(); i++)
        if (strcmp(name, level_name(i)) == 0) {
            __atomic_store_n(&state->level, i, __ATOMIC_RELAXED);
            Py_RETURN_NONE;
        }
    value_error("not a level of this processor");
    return NULL;
}

/* -- prediction ------------------------------------------------------------------- */

/* The arguments of predict, as far as they are right. */
typedef struct {
    Network network;
    const Py_buffer *theta;
    Matrix X;
    const Index *order;
    Index n_rows;
    void *out;
    int n_threads;
} PredictArguments;

static int get_rows_and_out(PredictArguments *a, Views *views, PyObject *X,
                            PyObject *order, PyObject *out)
{
    const Network *network = &a->network;
    const Index n_outputs = network->sizes[network->n_layers];
    const Index item_size = a->theta->itemsize;
    Index n_order, n_out;
    if (!get_matrix(X, views, &a->X, network->sizes[0], item_size)
        || !get_order(order, views, &a->order, &n_order))
        return 0;
    a->n_rows = a->order ? n_order : a->X.n_rows;
    a->X.largest_batch = INT64_MAX;
    if (__builtin_mul_overflow(a->n_rows, n_outputs, &n_out))
        n_out = INT64_MAX;
    const Py_buffer *view =
        get_array(out, views, REAL, item_size, PyBUF_WRITABLE, n_out);
    if (!view)
        return 0;
    a->out = view->buf;
    return have_rows(&a->X, network->sizes[0], a->order, n_order, 0, a->n_rows, 1);
}

static int get_arguments(PredictArguments *a, Views *views, PyObject *args,
                         PyObject *nothing)
{
    PyObject *sizes, *activations, *theta, *X, *order, *out;
    if (!PyArg_ParseTuple(args, "O!O!OOOOi", &PyTuple_Type, &sizes, &PyTuple_Type,
                          &activations, &theta, &X, &order, &out, &a->n_threads)
        || !get_network(&a->network, sizes, activations, 0, nothing, nothing))
        return 0;
    if (a->n_threads < 1 || a->n_threads > MAX_THREADS)
        return value_error("n_threads must be from 1 to 1024");
    a->theta = get_array(theta, views, REAL, -1, 0, n_parameters(&a->network));
    return a->theta && get_rows_and_out(a, views, X, order, out);
}

static PyObject *predict(const PredictArguments *a, int level)
{
    enum Outcome outcome = NO_MEMORY;
    const Instance *instance = instance_for(level, a->theta->itemsize);
    PyThreadState *state = PyEval_SaveThread();
    const Interrupt interrupt = {raise_signals, &state};
    ThreadPool *pool = pool_acquire(a->n_threads);
    if (pool) {
        outcome = instance->predict(&a->network, a->theta->buf, &a->X, a->order,
                                    a->n_rows, a->out, pool, a->n_threads, &interrupt);
        pool_release(pool);
    }
    PyEval_RestoreThread(state);
    switch (outcome) {
    case NO_MEMORY: return PyErr_NoMemory();
    case INTERRUPTED: return NULL;
    default: return PyBool_FromLong(outcome == IS_FINITE);
    }
}

static PyObject *module_predict(PyObject *module, PyObject *args)
{
    const ModuleState *state = PyModule_GetState(module);
    PyObject *nothing = PyTuple_New(0), *result = NULL;
    Views views = {.n = 0};
    PredictArguments arguments = {0};
    if (nothing && get_arguments(&arguments, &views, args, nothing))
        result = predict(&arguments, level_in_use(state));
    network_free(&arguments.network);
    views_release(&views);
    Py_XDECREF(nothing);
    return result;
}

/* -- the module ------------------------------------------------------------------- */

static int module_exec(PyObject *module)
{
    ModuleState *state = PyModule_GetState(module);
    state->level = n_levels() - 1;
    PyObject *type = make_training_type(module);
    const int failed = !type || PyModule_AddObjectRef(module, "Training", type) < 0;
    Py_XDECREF(type);
    return failed ? -1 : 0;
}

static PyMethodDef methods[] = {
    {"predict", module_predict, METH_VARARGS,
     "predict(sizes, activations, theta, X, order, out, n_threads)\n\n"
     "Fill out with raw outputs; whether the first layer's products are finite."},
    {"levels", module_levels, METH_NOARGS,
     "Names of the levels of vector instructions that this processor has."},
    {"level", module_level, METH_NOARGS, "Name of the level in use."},
    {"use_level", module_use_level, METH_VARARGS, "Use another level from now on."},
    {0},
};
static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, module_exec},
#if defined(Py_GIL_DISABLED)
    /* Nothing is shared but pools, under a mutex, and what is claimed atomically. */
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0},
};
static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_compiled",
    .m_doc = "The compiled engine; see engine.h.",
    .m_size = sizeof(ModuleState),
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__compiled(void) { return PyModuleDef_Init(&definition); }

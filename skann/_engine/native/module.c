/* The engine as a Python module, _compiled. Only binding.py imports it. */
#include "convert.h"

#include <string.h>

/* -- levels of vector instructions ----------------------------------------------- */

typedef struct {
    const Instance *f32, *f64;
} Level;

static Level levels[3];
static int n_levels, level; /* those of this processor, and the one in use */

static void find_levels(void)
{
    levels[n_levels++] = (Level){&skann_f32_base, &skann_f64_base};
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        levels[n_levels++] = (Level){&skann_f32_avx2, &skann_f64_avx2};
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
            && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
            levels[n_levels++] = (Level){&skann_f32_avx512, &skann_f64_avx512};
    }
#endif
    level = n_levels - 1;
}

const Instance *instance_for(Index item_size)
{
    return item_size == 4 ? levels[level].f32 : levels[level].f64;
}

static PyObject *module_levels(PyObject *module, PyObject *args)
{
    (void)module, (void)args;
    PyObject *names = PyTuple_New(n_levels);
    for (int i = 0; names && i < n_levels; i++) {
        PyObject *name = PyUnicode_FromString(levels[i].f32->name);
        if (!name || PyTuple_SetItem(names, i, name) < 0)
            Py_CLEAR(names);
    }
    return names;
}

static PyObject *module_level(PyObject *module, PyObject *args)
{
    (void)module, (void)args;
    return PyUnicode_FromString(levels[level].f32->name);
}

static PyObject *module_use_level(PyObject *module, PyObject *args)
{
    (void)module;
    const char *name;
    if (!PyArg_ParseTuple(args, "s", &name))
        return NULL;
    for (int i = 0; i < n_levels; i++)
        if (strcmp(name, levels[i].f32->name) == 0) {
            level = i;
            Py_RETURN_NONE;
        }
    refuse("not a level of this processor");
    return NULL;
}

/* -- prediction ------------------------------------------------------------------- */

/* What predict has been given, as far as it is right. */
typedef struct {
    Network network;
    Py_buffer *theta;
    Matrix X;
    Index *order, n_rows;
    void *out;
    int n_threads;
} Given;

static int get_given(Given *given, Views *views, PyObject *args, PyObject *no_tasks)
{
    PyObject *sizes, *activations, *theta, *X, *order, *out;
    void *start;
    if (!PyArg_ParseTuple(args, "OOOOOOi", &sizes, &activations, &theta, &X, &order,
                          &out, &given->n_threads)
        || !get_network(&given->network, sizes, activations, 0, no_tasks))
        return 0;
    const Network *network = &given->network;
    const Index n_outputs = network->sizes[network->n_layers];
    given->theta = get_real(theta, views, PyBUF_C_CONTIGUOUS, n_parameters(network));
    if (!given->theta)
        return 0;
    const Index item_size = given->theta->itemsize;
    if (!get_matrix(X, views, &given->X, network->sizes[0], item_size)
        || !get_flat(order, views, 0, -1, sizeof(Index), &start))
        return 0;
    given->order = start;
    given->n_rows = given->X.n_rows;
    if (start)
        given->n_rows = views->views[views->n - 1].len / (Index)sizeof(Index);
    if (!get_flat(out, views, PyBUF_WRITABLE, given->n_rows * n_outputs, item_size,
                  &given->out))
        return 0;
    if (!given->out || given->n_threads < 1
        || !are_rows(given->order, given->n_rows, 0, given->n_rows, given->X.n_rows))
        return refuse("not rows of X, no out or no threads");
    return 1;
}

static PyObject *module_predict(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *no_tasks = PyTuple_New(0), *result = NULL;
    Views views = {.n = 0};
    Given given = {0};
    if (no_tasks && get_given(&given, &views, args, no_tasks)) {
        int finite = -1;
        const Instance *instance = instance_for(given.theta->itemsize);
        PyThreadState *state = PyEval_SaveThread();
        Team *team = team_new(given.n_threads);
        if (team)
            finite = instance->predict(&given.network, given.theta->buf, &given.X,
                                       given.order, given.n_rows, given.out, team);
        team_free(team);
        PyEval_RestoreThread(state);
        result = finite < 0 ? PyErr_NoMemory() : PyBool_FromLong(finite);
    }
    network_free(&given.network);
    views_release(&views);
    Py_XDECREF(no_tasks);
    return result;
}

/* -- the module ------------------------------------------------------------------- */

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
static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_compiled",
    .m_doc = "The compiled engine; see engine.h.",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit__compiled(void)
{
    find_levels();
    PyObject *module = PyModule_Create(&definition);
    PyObject *type = module ? make_training_type() : NULL;
    if (!type || PyModule_AddObject(module, "Training", type) < 0) {
        Py_XDECREF(type);
        Py_CLEAR(module);
    }
    return module;
}

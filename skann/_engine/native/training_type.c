/* Training as a Python type: a network, its data and its rule, ready to run.
 *
 * The interpreter is free for others while a run goes on. Every buffer stays exported
 * as long as the object lives.
 */
#include "convert.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    PyObject_HEAD
    const Instance *instance;
    Network network;
    Team *team;
    void *training;
    Views views;
    Index n_rows, batch_size, n_done;
    Index largest_batch; /* stored numbers of a batch of sparse data */
    const void *offsets;
    int index_size;
} Training;

static void training_dealloc(PyObject *object)
{
    Training *self = (Training *)object;
    PyTypeObject *type = Py_TYPE(object);
    if (self->training)
        self->instance->training_free(self->training);
    team_free(self->team);
    network_free(&self->network);
    views_release(&self->views);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

/* -- making one ------------------------------------------------------------------ */

static int get_rule(Training *self, Rule *rule, PyObject *numbers, PyObject *vectors,
                    Index item_size)
{
    if (!PyArg_ParseTuple(numbers, "idpdddpdd", &rule->kind, &rule->momentum,
                          &rule->nesterov, &rule->beta_1, &rule->beta_2, &rule->epsilon,
                          &rule->corrected, &rule->decay, &rule->alpha))
        return 0;
    rule->n_vectors = (int)PyTuple_Size(vectors);
    const int needs = rule->kind == ADAM  ? 2
                      : rule->kind == SGD ? rule->momentum != 0
                                          : 1;
    if (rule->kind < 0 || rule->kind >= N_RULES || rule->n_vectors != needs)
        return refuse("not a rule");
    for (int i = 0; i < needs; i++)
        if (!get_flat(PyTuple_GetItem(vectors, i), &self->views, PyBUF_WRITABLE,
                      n_parameters(&self->network), item_size, &rule->vectors[i]))
            return 0;
    return 1;
}

static int get_samples(Training *self, Samples *samples, PyObject *X, PyObject *codes,
                       PyObject *y, PyObject *weight, Index item_size)
{
    const Network *network = &self->network;
    const Index n_outputs = network->sizes[network->n_layers];
    void *found;
    if (!get_matrix(X, &self->views, &samples->X, network->sizes[0], item_size))
        return 0;
    const Index n_rows = self->n_rows = samples->X.n_rows;
    self->largest_batch = samples->X.largest_batch;
    self->offsets = samples->X.offsets;
    self->index_size = samples->X.index_size;
    if ((codes == Py_None) == (y == Py_None))
        return refuse("either codes or y");
    if (!get_flat(codes, &self->views, 0, n_rows, sizeof(int32_t), &found))
        return 0;
    samples->codes = found;
    if (!get_flat(y, &self->views, 0, n_rows * n_outputs, item_size, &found))
        return 0;
    samples->y = found;
    if (!get_flat(weight, &self->views, 0, n_rows, item_size, &found))
        return 0;
    samples->weight = found;
    return 1;
}

static int training_fill(Training *self, PyObject *args)
{
    PyObject *sizes, *activations, *tasks, *theta, *numbers, *vectors, *X, *codes, *y;
    PyObject *weight;
    int loss, n_threads, is_new;
    Samples samples = {0};
    Rule rule = {0};
    if (!PyArg_ParseTuple(args, "OOiOOOOOOOOnpi", &sizes, &activations, &loss, &tasks,
                          &theta, &numbers, &vectors, &X, &codes, &y, &weight,
                          &self->batch_size, &is_new, &n_threads)
        || !get_network(&self->network, sizes, activations, loss, tasks))
        return 0;
    Py_buffer *start =
        get_real(theta, &self->views, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE,
                 n_parameters(&self->network));
    if (!start)
        return 0;
    if (self->batch_size < 1 || n_threads < 1)
        return refuse("batch_size and n_threads must be positive");
    if (!get_samples(self, &samples, X, codes, y, weight, start->itemsize)
        || !get_rule(self, &rule, numbers, vectors, start->itemsize))
        return 0;
    self->instance = instance_for(start->itemsize);
    self->team = team_new(n_threads);
    if (self->team)
        self->training =
            self->instance->training_new(&self->network, start->buf, &rule, &samples,
                                         self->batch_size, is_new, self->team);
    return self->training ? 1 : PyErr_NoMemory() != NULL;
}

static PyObject *training_create(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    (void)keywords;
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Training *self = (Training *)allocate(type, 0);
    if (self && !training_fill(self, args)) {
        Py_DECREF((PyObject *)self);
        return NULL;
    }
    return (PyObject *)self;
}

/* -- running ---------------------------------------------------------------------- */

/* Called by the thread that has called run, from time to time. */
static int interrupted(void *data)
{
    PyThreadState **state = data;
    PyEval_RestoreThread(*state);
    const int raised = PyErr_CheckSignals() < 0;
    *state = PyEval_SaveThread();
    return raised;
}

static PyObject *result_of(const Run *run)
{
    PyObject *losses = PyList_New(run->n_done);
    for (Index i = 0; losses && i < run->n_done; i++) {
        PyObject *loss = PyFloat_FromDouble(run->losses[i]);
        if (!loss || PyList_SetItem(losses, i, loss) < 0)
            Py_CLEAR(losses);
    }
    return losses ? Py_BuildValue("Nd", losses, run->gradient_square) : NULL;
}

/* Run with everything in order but the memory for the losses. */
static PyObject *run_and_report(Training *self, Run *run, Index n_batches)
{
    PyObject *result = NULL;
    PyThreadState *state;
    double few[16];
    run->losses = n_batches <= 16 ? few : malloc((size_t)n_batches * sizeof(double));
    if (!run->losses)
        return PyErr_NoMemory();
    run->interrupted = interrupted;
    run->interrupt_data = &state;
    state = PyEval_SaveThread();
    self->instance->training_run(self->training, run);
    PyEval_RestoreThread(state);
    self->n_done = run->n_done > 0 ? run->n_done : 0;
    if (run->n_done < 0)
        PyErr_NoMemory();
    else if (!PyErr_Occurred())
        result = result_of(run);
    if (run->losses != few)
        free(run->losses);
    return result;
}

/* Whether no batch has more stored numbers than there is room for. */
static int fits(const Training *self, const Run *run)
{
    Index total = 0;
    for (Index i = 0; self->offsets && i < run->n_rows; i++) {
        const Index row = run->order ? run->order[run->first + i] : run->first + i;
        if (i % self->batch_size == 0)
            total = 0;
        total += index_at(self->offsets, self->index_size, row + 1)
                 - index_at(self->offsets, self->index_size, row);
        if (total > self->largest_batch)
            return 0;
    }
    return 1;
}

static PyObject *training_run(PyObject *object, PyObject *args)
{
    Training *self = (Training *)object;
    PyObject *order, *rates, *result = NULL;
    Py_ssize_t first, n_rows, n_steps_before;
    Views views = {.n = 0};
    void *order_start, *rates_start;
    double seconds;
    Run run = {0};
    self->n_done = 0;
    if (!PyArg_ParseTuple(args, "OnnOdndd", &order, &first, &n_rows, &rates, &run.rate,
                          &n_steps_before, &run.row_scale, &seconds))
        return NULL;
    run.first = first;
    run.n_rows = n_rows;
    run.n_steps_before = n_steps_before;
    run.deadline = isinf(seconds) ? HUGE_VAL : seconds_now() + seconds;
    const Index n_batches = (n_rows + self->batch_size - 1) / self->batch_size;
    if (get_flat(order, &views, 0, -1, sizeof(Index), &order_start)
        && get_flat(rates, &views, 0, n_batches, sizeof(double), &rates_start)) {
        const Index n_order =
            order_start ? views.views[0].len / (Index)sizeof(Index) : 0;
        run.order = order_start;
        run.rates = rates_start;
        if (are_rows(run.order, n_order, first, n_rows, self->n_rows)
            && fits(self, &run))
            result = run_and_report(self, &run, n_batches);
        else
            refuse("not rows of X");
    }
    views_release(&views);
    return result;
}

static PyObject *training_settle(PyObject *object, PyObject *args)
{
    (void)args;
    Training *self = (Training *)object;
    Py_BEGIN_ALLOW_THREADS self->instance->training_settle(self->training);
    Py_END_ALLOW_THREADS Py_RETURN_NONE;
}

static PyObject *training_n_done(PyObject *object, void *closure)
{
    (void)closure;
    return PyLong_FromLongLong(((Training *)object)->n_done);
}

static PyMethodDef methods[] = {
    {"run", training_run, METH_VARARGS,
     "run(order, first, n_rows, rates, rate, n_steps_before, row_scale, seconds)\n\n"
     "Step through rows in batches; (losses, square of the last gradient)."},
    {"settle", training_settle, METH_NOARGS,
     "Bring weights up to date that no batch has met."},
    {0},
};
static PyGetSetDef attributes[] = {
    {"n_done", training_n_done, NULL, "Steps of the last run.", NULL},
    {0},
};
static PyType_Slot slots[] = {
    {Py_tp_doc,
     "Training(sizes, activations, loss, tasks, theta, rule, vectors, X, codes, y, "
     "weight, batch_size, is_new, n_threads)\n\nA network, its data and its rule."},
    {Py_tp_new, training_create},
    {Py_tp_dealloc, training_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {0},
};
static PyType_Spec spec = {
    .name = "skann._engine.native._compiled.Training",
    .basicsize = sizeof(Training),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};

PyObject *make_training_type(void) { return PyType_FromSpec(&spec); }

/* See training_type.h.
 *
 * The interpreter is free for others while a run goes on, so another thread or a signal
 * handler may call the same object: it is refused. Every buffer stays exported as long
 * as the object lives.
 */
#include "training_type.h"

#include <math.h>
#include <stdlib.h>

#include "convert.h"
#include "dispatch.h"
#include "module_state.h"

typedef struct {
    PyObject_HEAD
    const Instance *instance;
    Network network;
    Matrix X;
    void *training;
    Views views;
    Index batch_size, item_size, n_done;
    int max_threads;
    int is_busy; /* atomic: there may be no lock of the interpreter */
} Training;

static void training_dealloc(PyObject *object)
{
    Training *self = (Training *)object;
    PyTypeObject *type = Py_TYPE(object);
    if (self->training)
        self->instance->training_free(self->training);
    network_free(&self->network);
    views_release(&self->views);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

/* -- making one ------------------------------------------------------------------ */

/* How many vectors a rule keeps. */
static int n_vectors(const Rule *rule)
{
    switch (rule->kind) {
    case SGD: return rule->momentum != 0;
    case RMSPROP: return 1 + (rule->momentum != 0);
    case ADAM:
    case NADAM: return 2;
    case AMSGRAD: return 3;
    default: return 1;
    }
}

static int get_rule(Training *self, Rule *rule, PyObject *numbers, PyObject *vectors,
                    Index item_size)
{
    if (!PyArg_ParseTuple(numbers, "idpdddpddd", &rule->kind, &rule->momentum,
                          &rule->nesterov, &rule->beta_1, &rule->beta_2, &rule->epsilon,
                          &rule->corrected, &rule->decay, &rule->momentum_decay,
                          &rule->alpha))
        return 0;
    const int needs = n_vectors(rule);
    if (rule->kind < 0 || rule->kind >= N_RULES || PyTuple_Size(vectors) != needs)
        return value_error("not a rule");
    /* Features that a batch does not have are left out of what is added. */
    if (rule->kind == ADD && rule->alpha != 0 && self->X.offsets)
        return value_error("gradients of sparse X are added without a penalty");
    if ((rule->l1 + rule->max_grad_value + rule->max_grad_norm + rule->max_norm > 0
         || rule->trainable)
        && (rule->kind < SGD || self->X.is_lazy))
        return value_error("an L1 penalty and limits are for steps on all weights");
    if (rule->kind > ADAM && self->X.is_lazy)
        return value_error("updates of this rule can't wait");
    rule->n_vectors = needs;
    for (int i = 0; i < needs; i++) {
        Py_buffer *view =
            get_array(PyTuple_GetItem(vectors, i), &self->views, REAL, item_size,
                      PyBUF_WRITABLE, n_parameters(&self->network));
        if (!view)
            return 0;
        rule->vectors[i] = view->buf;
    }
    return 1;
}

static int get_samples(Training *self, Samples *samples, PyObject *X, PyObject *codes,
                       PyObject *y, PyObject *weight, Index item_size)
{
    const Network *network = &self->network;
    const Index n_outputs = network->sizes[network->n_layers];
    const void *found;
    Index n_targets;
    if (!get_matrix(X, &self->views, &self->X, network->sizes[0], item_size))
        return 0;
    samples->X = self->X;
    const Index n_rows = self->X.n_rows;
    if (self->batch_size < 1 || self->batch_size > n_rows
        || (self->X.offsets && n_rows > INT32_MAX))
        return value_error("batch_size must be from 1 to the number of rows");
    if ((codes == Py_None) == (y == Py_None))
        return value_error("either codes or y");
    if (!get_optional(codes, &self->views, INTEGER, sizeof(int32_t), n_rows, &found))
        return 0;
    samples->codes = found;
    if (__builtin_mul_overflow(n_rows, n_outputs, &n_targets))
        n_targets = INT64_MAX;
    return get_optional(y, &self->views, REAL, item_size, n_targets, &samples->y)
           && get_optional(weight, &self->views, REAL, item_size, n_rows,
                           &samples->weight);
}

static int training_fill(Training *self, PyObject *args, int level)
{
    PyObject *sizes, *activations, *tasks, *theta, *numbers, *vectors, *X, *codes, *y;
    PyObject *weight, *loss_options, *trainable = Py_None;
    Py_ssize_t batch_size;
    int loss, is_new;
    Samples samples = {0};
    Rule rule = {0};
    double dropout = 0, input_dropout = 0;
    if (!PyArg_ParseTuple(args, "O!O!iO!O!OO!O!OOOOnpi|ddddddO", &PyTuple_Type, &sizes,
                          &PyTuple_Type, &activations, &loss, &PyTuple_Type,
                          &loss_options, &PyTuple_Type, &tasks, &theta, &PyTuple_Type,
                          &numbers, &PyTuple_Type, &vectors, &X, &codes, &y, &weight,
                          &batch_size, &is_new, &self->max_threads, &dropout,
                          &input_dropout, &rule.l1, &rule.max_grad_value,
                          &rule.max_grad_norm, &rule.max_norm, &trainable)
        || !get_network(&self->network, sizes, activations, loss, loss_options, tasks))
        return 0;
    if (!(dropout >= 0 && dropout < 1 && input_dropout >= 0 && input_dropout < 1))
        return value_error("dropout must be from 0 to 1, without it");
    if (!(rule.l1 >= 0 && rule.max_grad_value >= 0 && rule.max_grad_norm >= 0
          && rule.max_norm >= 0))
        return value_error("an L1 penalty and limits can't be negative");
    self->network.dropout = dropout;
    self->network.input_dropout = input_dropout;
    Py_buffer *start = get_array(theta, &self->views, REAL, -1, PyBUF_WRITABLE,
                                 n_parameters(&self->network));
    if (!start)
        return 0;
    self->batch_size = batch_size;
    if (self->max_threads < 1 || self->max_threads > MAX_THREADS)
        return value_error("n_threads must be from 1 to 1024");
    if (!get_optional(trainable, &self->views, REAL, start->itemsize,
                      n_parameters(&self->network), &rule.trainable))
        return 0;
    if (!get_samples(self, &samples, X, codes, y, weight, start->itemsize)
        || (input_dropout > 0 && self->X.offsets
            && !value_error("inputs of sparse X can't be left out"))
        || !get_rule(self, &rule, numbers, vectors, start->itemsize))
        return 0;
    self->item_size = start->itemsize;
    self->instance = instance_for(level, start->itemsize);
    self->training =
        self->instance->training_new(&self->network, start->buf, &rule, &samples,
                                     self->batch_size, is_new, self->max_threads);
    return self->training ? 1 : PyErr_NoMemory() != NULL;
}

static PyObject *training_create(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    if (keywords && PyDict_Size(keywords)) {
        PyErr_SetString(PyExc_TypeError, "Training takes no keyword arguments");
        return NULL;
    }
    const ModuleState *state = PyType_GetModuleState(type);
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Training *self = state ? (Training *)allocate(type, 0) : NULL;
    if (self && !training_fill(self, args, level_in_use(state))) {
        Py_DECREF((PyObject *)self);
        return NULL;
    }
    return (PyObject *)self;
}

/* -- running ---------------------------------------------------------------------- */

/* Let nobody else use the object before it is let go. */
static int claim(Training *self)
{
    if (__atomic_exchange_n(&self->is_busy, 1, __ATOMIC_ACQUIRE)) {
        PyErr_SetString(PyExc_RuntimeError,
                        "this training is running: it was called by another thread or "
                        "by a signal handler");
        return 0;
    }
    return 1;
}

static void unclaim(Training *self)
{
    __atomic_store_n(&self->is_busy, 0, __ATOMIC_RELEASE);
}

/* Anybody may ask for it at any time. */
static void set_n_done(Training *self, Index n)
{
    __atomic_store_n(&self->n_done, n, __ATOMIC_RELAXED);
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
    run->losses =
        n_batches <= 16 ? few : calloc((size_t)n_batches, sizeof *run->losses);
    if (!run->losses)
        return PyErr_NoMemory();
    run->interrupt = (Interrupt){raise_signals, &state};
    run->n_done = -1;
    state = PyEval_SaveThread();
    run->pool = pool_acquire(self->max_threads);
    if (run->pool) {
        self->instance->training_run(self->training, run);
        pool_release(run->pool);
    }
    PyEval_RestoreThread(state);
    set_n_done(self, run->n_done > 0 ? run->n_done : 0);
    if (run->n_done < 0)
        PyErr_NoMemory();
    else if (!PyErr_Occurred())
        result = result_of(run);
    if (run->losses != few)
        free(run->losses);
    return result;
}

/* What a run has one of for every step, and the average that some of it is for. */
static int get_of_steps(const Training *self, Run *run, Views *views, Index n_batches,
                        PyObject *rates, PyObject *keys, PyObject *average,
                        PyObject *shares)
{
    const void *found[3];
    const double left_out = self->network.dropout + self->network.input_dropout;
    if (left_out > 0 && keys == Py_None)
        return value_error("no keys of the steps");
    if ((average == Py_None) != (shares == Py_None))
        return value_error("an average and its shares go together");
    if (!get_optional(rates, views, FLOAT64, sizeof(double), n_batches, found)
        || !get_optional(keys, views, INTEGER, sizeof(uint64_t), n_batches, found + 1)
        || !get_optional(shares, views, FLOAT64, sizeof(double), n_batches, found + 2))
        return 0;
    run->rates = found[0], run->keys = found[1], run->shares = found[2];
    if (average == Py_None)
        return 1;
    const Py_buffer *view = get_array(average, views, REAL, self->item_size,
                                      PyBUF_WRITABLE, n_parameters(&self->network));
    if (view)
        run->average = view->buf;
    return view != NULL;
}

static PyObject *run_claimed(Training *self, PyObject *args)
{
    PyObject *order, *rates, *keys = Py_None, *average = Py_None, *shares = Py_None;
    PyObject *result = NULL;
    Py_ssize_t first, n_rows, n_steps_before;
    Views views = {.n = 0};
    Index n_order;
    double seconds;
    Run run = {.momenta_product = 1};
    set_n_done(self, 0);
    if (!PyArg_ParseTuple(args, "OnnOdndd|OOOd", &order, &first, &n_rows, &rates,
                          &run.rate, &n_steps_before, &run.row_scale, &seconds, &keys,
                          &average, &shares, &run.momenta_product))
        return NULL;
    if (n_steps_before < 0 || n_steps_before > INT64_MAX / 2 || isnan(seconds)) {
        value_error("no number of steps, or of seconds");
        return NULL;
    }
    run.first = first;
    run.n_rows = n_rows;
    run.n_steps_before = n_steps_before;
    run.deadline = isinf(seconds) ? HUGE_VAL : seconds_now() + seconds;
    if (get_order(order, &views, &run.order, &n_order)
        && have_rows(&self->X, self->network.sizes[0], run.order, n_order, first,
                     n_rows, self->batch_size)) {
        const Index n_batches =
            n_rows / self->batch_size + (n_rows % self->batch_size != 0);
        if (get_of_steps(self, &run, &views, n_batches, rates, keys, average, shares))
            result = run_and_report(self, &run, n_batches);
    }
    views_release(&views);
    return result;
}

static PyObject *training_run(PyObject *object, PyObject *args)
{
    Training *self = (Training *)object;
    if (!claim(self))
        return NULL;
    PyObject *result = run_claimed(self, args);
    unclaim(self);
    return result;
}

static PyObject *training_flush(PyObject *object, PyObject *args)
{
    (void)args;
    Training *self = (Training *)object;
    if (!claim(self))
        return NULL;
    PyThreadState *state = PyEval_SaveThread();
    ThreadPool *pool = pool_acquire(self->max_threads);
    if (pool) {
        self->instance->training_flush(self->training, pool);
        pool_release(pool);
    }
    PyEval_RestoreThread(state);
    unclaim(self);
    if (!pool)
        return PyErr_NoMemory();
    Py_RETURN_NONE;
}

static PyObject *training_n_done(PyObject *object, void *closure)
{
    (void)closure;
    return PyLong_FromLongLong(
        __atomic_load_n(&((Training *)object)->n_done, __ATOMIC_RELAXED));
}

static PyMethodDef methods[] = {
    {"run", training_run, METH_VARARGS,
     "run(order, first, n_rows, rates, rate, n_steps_before, row_scale, seconds, "
     "keys=None, average=None, shares=None, momenta_product=1)\n\n"
     "Step through rows in batches; (losses, square of the last gradient)."},
    {"flush", training_flush, METH_NOARGS,
     "Bring weights up to date that no batch has met."},
    {0},
};
static PyGetSetDef attributes[] = {
    {"n_done", training_n_done, NULL, "Steps of the last run.", NULL},
    {0},
};
static PyType_Slot slots[] = {
    {Py_tp_doc,
     "Training(sizes, activations, loss, loss_options, tasks, theta, rule, vectors, X, "
     "codes, y, weight, batch_size, is_new, n_threads, dropout=0, input_dropout=0, "
     "l1=0, "
     "max_grad_value=0, max_grad_norm=0, max_norm=0, trainable=None)\n\nA network, its "
     "data and its rule."},
    {Py_tp_new, training_create},
    {Py_tp_dealloc, training_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {0},
};
static PyType_Spec spec = {
    .name = "skann._engine.native._compiled.Training",
    .basicsize = sizeof(Training),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

PyObject *make_training_type(PyObject *module)
{
    return PyType_FromModuleAndSpec(module, &spec, NULL);
}

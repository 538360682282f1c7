/* See convert.h. */
#include "convert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int value_error(const char *what)
{
    PyErr_SetString(PyExc_ValueError, what);
    return 0;
}

void views_release(Views *views)
{
    while (views->n > 0)
        PyBuffer_Release(&views->views[--views->n]);
}

/* -- arrays ---------------------------------------------------------------------- */

/* Codes of Python's struct module. */
const char REAL[] = "fd", FLOAT64[] = "d", INTEGER[] = "ilqn";

/* Whether the items are of a kind, in the processor's byte order, which dtypes from a
 * file say in so many words. */
static int has_format(const Py_buffer *view, const char *kind)
{
    const char *format = view->format ? view->format : "";
    const uint16_t one = 1;
    const char *native = *(const char *)&one ? "@=<" : "@=>!";
    if (*format && strchr(native, *format))
        format++;
    return *format && !format[1] && strchr(kind, *format);
}

/* Whether all items are at addresses where the processor can read them. */
static int is_aligned(const Py_buffer *view)
{
    int aligned = (uintptr_t)view->buf % (size_t)view->itemsize == 0;
    for (int i = 0; view->strides && i < view->ndim; i++)
        aligned &= view->shape[i] < 2 || view->strides[i] % view->itemsize == 0;
    return aligned || view->len == 0;
}

static Py_buffer *get_view(PyObject *object, Views *views, const char *kind,
                           Index item_size, int flags)
{
    if (views->n == MAX_VIEWS) {
        value_error("too many arrays");
        return NULL;
    }
    Py_buffer *view = &views->views[views->n];
    if (PyObject_GetBuffer(object, view, flags | PyBUF_FORMAT) < 0)
        return NULL;
    views->n++;
    if (!has_format(view, kind) || !is_aligned(view)
        || (item_size >= 0 && view->itemsize != item_size)) {
        value_error(
            "an array has another dtype or byte order than is needed, or is not "
            "aligned");
        return NULL;
    }
    return view;
}

Py_buffer *get_array(PyObject *object, Views *views, const char *kind, Index item_size,
                     int flags, Index length)
{
    Py_buffer *view =
        get_view(object, views, kind, item_size, flags | PyBUF_C_CONTIGUOUS);
    if (view && length >= 0 && view->len / view->itemsize != length) {
        value_error("an array has another size than is needed");
        return NULL;
    }
    return view;
}

int get_optional(PyObject *object, Views *views, const char *kind, Index item_size,
                 Index length, const void **start)
{
    *start = NULL;
    if (object == Py_None)
        return 1;
    const Py_buffer *view = get_array(object, views, kind, item_size, 0, length);
    if (view)
        *start = view->buf;
    return view != NULL;
}

int get_order(PyObject *object, Views *views, const Index **order, Index *n)
{
    *order = NULL;
    *n = -1;
    if (object == Py_None)
        return 1;
    const Py_buffer *view = get_array(object, views, INTEGER, sizeof(Index), 0, -1);
    if (view) {
        *order = view->buf;
        *n = view->len / (Index)sizeof(Index);
    }
    return view != NULL;
}

/* -- networks -------------------------------------------------------------------- */

/* Room for the integers of a tuple, filled; none of them is less than `least`. */
static Index *get_integers(PyObject *tuple, Index least, Index *n)
{
    if (!PyTuple_Check(tuple)) {
        PyErr_SetString(PyExc_TypeError, "a network is described by tuples");
        return NULL;
    }
    *n = PyTuple_Size(tuple);
    Index *numbers = calloc((size_t)*n + 1, sizeof *numbers);
    if (!numbers)
        return (Index *)PyErr_NoMemory();
    for (Index i = 0; i < *n; i++) {
        numbers[i] = PyLong_AsLongLong(PyTuple_GetItem(tuple, i));
        if (PyErr_Occurred() || numbers[i] < least) {
            free(numbers);
            if (!PyErr_Occurred())
                value_error("a number of a network is too small");
            return NULL;
        }
    }
    return numbers;
}

/* The same of finite numbers. */
static double *get_finite(PyObject *tuple, Index *n)
{
    *n = PyTuple_Size(tuple);
    double *numbers = calloc((size_t)*n + 1, sizeof *numbers);
    if (!numbers)
        return (double *)PyErr_NoMemory();
    for (Index i = 0; i < *n; i++) {
        numbers[i] = PyFloat_AsDouble(PyTuple_GetItem(tuple, i));
        if (PyErr_Occurred() || !isfinite(numbers[i])) {
            free(numbers);
            if (!PyErr_Occurred())
                value_error("a setting of a loss is not finite");
            return NULL;
        }
    }
    return numbers;
}

void network_free(Network *network)
{
    free((void *)network->sizes);
    free((void *)network->activations);
    free((void *)network->loss_options);
    free((void *)network->tasks);
    *network = (Network){0};
}

/* Whether a loss has as many settings as it reads, and pairs of outputs if it does. */
static int is_loss(const Network *network)
{
    const Index n = network->n_loss_options;
    const Index n_outputs = network->sizes[network->n_layers];
    switch (network->loss) {
    case HUBER:
    case TWEEDIE:
    case FOCAL:
    case SOFTMAX_FOCAL: return n == 1;
    case QUANTILE: return n == 1 || n == n_outputs;
    case GAUSSIAN: return n == 0 && n_outputs % 2 == 0;
    default: return network->loss >= 0 && network->loss < N_LOSSES && n == 0;
    }
}

/* Whether sizes, and activations as the tuple had them, make sense together. */
static int is_network(const Network *network, Index n_activations)
{
    if (network->n_layers < 1 || n_activations != network->n_layers - 1
        || !is_loss(network))
        return 0;
    for (Index i = 0; i < n_activations; i++)
        if (network->activations[i] >= N_ACTIVATIONS)
            return 0;
    Index left = network->sizes[network->n_layers];
    for (Index i = 0; i < network->n_tasks; i++) {
        if (network->tasks[i] > left)
            return 0;
        left -= network->tasks[i];
    }
    return !network->n_tasks || left == 0;
}

int get_network(Network *network, PyObject *sizes, PyObject *activations, int loss,
                PyObject *loss_options, PyObject *tasks)
{
    Index n_sizes, n_activations;
    *network = (Network){.loss = loss};
    network->sizes = get_integers(sizes, 1, &n_sizes);
    if (!network->sizes)
        return 0;
    network->n_layers = n_sizes - 1;
    Index *codes = get_integers(activations, 0, &n_activations);
    if (!codes)
        return 0;
    int *own = calloc((size_t)n_activations + 1, sizeof *own);
    for (Index i = 0; own && i < n_activations; i++)
        own[i] = codes[i] < N_ACTIVATIONS ? (int)codes[i] : N_ACTIVATIONS;
    free(codes);
    network->activations = own;
    if (!own)
        return PyErr_NoMemory() != NULL;
    network->loss_options = get_finite(loss_options, &network->n_loss_options);
    if (!network->loss_options)
        return 0;
    network->tasks = get_integers(tasks, 1, &network->n_tasks);
    if (!network->tasks)
        return 0;
    return is_network(network, n_activations) || value_error("not a network");
}

Index n_parameters(const Network *network)
{
    Index n = 0, layer;
    for (Index l = 0; l < network->n_layers; l++)
        if (__builtin_add_overflow(network->sizes[l], 1, &layer)
            || __builtin_mul_overflow(layer, network->sizes[l + 1], &layer)
            || __builtin_add_overflow(n, layer, &n))
            return INT64_MAX;
    return n;
}

/* -- rows ------------------------------------------------------------------------ */

static int get_compressed(PyObject *tuple, Views *views, Matrix *X, Index n_columns,
                          Index item_size)
{
    PyObject *numbers, *columns, *offsets;
    Py_ssize_t largest;
    if (!PyArg_ParseTuple(tuple, "OOOnp", &numbers, &columns, &offsets, &largest,
                          &X->is_lazy))
        return 0;
    const Py_buffer *data = get_array(numbers, views, REAL, item_size, 0, -1);
    const Py_buffer *where =
        data ? get_array(columns, views, INTEGER, -1, 0, -1) : NULL;
    const Py_buffer *starts =
        where ? get_array(offsets, views, INTEGER, where->itemsize, 0, -1) : NULL;
    if (!starts)
        return 0;
    X->start = data->buf;
    X->item_size = (int)data->itemsize;
    X->columns = where->buf;
    X->offsets = starts->buf;
    X->index_size = (int)starts->itemsize;
    X->n_rows = starts->len / starts->itemsize - 1;
    X->n_stored = index_min(data->len / data->itemsize, where->len / where->itemsize);
    X->largest_batch = largest;
    if (X->n_rows < 0 || largest < 0 || largest > X->n_stored || n_columns > INT32_MAX)
        return value_error("not compressed rows");
    return 1;
}

int get_matrix(PyObject *object, Views *views, Matrix *X, Index n_columns,
               Index item_size)
{
    *X = (Matrix){0};
    if (PyTuple_Check(object))
        return get_compressed(object, views, X, n_columns, item_size);
    const Py_buffer *view = get_view(object, views, REAL, -1, PyBUF_STRIDES);
    if (!view)
        return 0;
    /* ctypes has no strides, whatever is asked of it. */
    if (!view->shape || !view->strides)
        return value_error("X has no strides");
    if (view->ndim != 2 || view->shape[1] != n_columns)
        return value_error("X has not one column for each input");
    X->start = view->buf;
    X->n_rows = view->shape[0];
    X->row_stride = view->strides[0];
    X->column_stride = view->strides[1];
    X->item_size = (int)view->itemsize;
    return 1;
}

/* Whether all that a row says is stored is there, and in columns that there are. */
static int is_compressed_row(const Matrix *X, Index row, Index n_columns)
{
    const int size = X->index_size;
    const Index begin = index_at(X->offsets, size, row);
    const Index end = index_at(X->offsets, size, row + 1);
    int inside = 1;
    if (begin < 0 || begin > end || end > X->n_stored)
        return 0;
    for (Index i = begin; i < end; i++) {
        const Index column = index_at(X->columns, size, i);
        inside &= column >= 0 && column < n_columns;
    }
    return inside;
}

int have_rows(const Matrix *X, Index n_columns, const Index *order, Index n_order,
              Index first, Index n, Index batch_size)
{
    Index n_in_batch = 0;
    if (first < 0 || n < 0 || n > (order ? n_order : X->n_rows) - first)
        return value_error("there are not so many rows");
    for (Index i = 0; (order || X->offsets) && i < n; i++) {
        const Index row = order ? order[first + i] : first + i;
        if (row < 0 || row >= X->n_rows)
            return value_error("no number of one of the rows of X");
        if (!X->offsets)
            continue;
        if (!is_compressed_row(X, row, n_columns))
            return value_error("not compressed rows of so many columns");
        n_in_batch = i % batch_size ? n_in_batch : 0;
        n_in_batch += index_at(X->offsets, X->index_size, row + 1)
                      - index_at(X->offsets, X->index_size, row);
        if (n_in_batch > X->largest_batch)
            return value_error("a batch of rows has too many stored numbers");
    }
    return 1;
}

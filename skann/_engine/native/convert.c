/* See convert.h. */
#include "convert.h"

#include <stdlib.h>
#include <string.h>

int refuse(const char *what)
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

static Py_buffer *get_view(PyObject *object, Views *views, int flags)
{
    Py_buffer *view = &views->views[views->n];
    if (PyObject_GetBuffer(object, view, flags) < 0)
        return NULL;
    views->n++;
    return view;
}

/* Whether the items are numbers of one of these kinds (codes of Python's struct module)
 * in the processor's byte order, which dtypes from a file say in so many words. */
static int has_format(const Py_buffer *view, const char *kinds)
{
    const char *format = view->format ? view->format : "";
    const uint16_t one = 1;
    const char *native = *(const char *)&one ? "@=<" : "@=>!";
    if (*format && strchr(native, *format))
        format++;
    return *format && !format[1] && strchr(kinds, *format);
}

/* Whether all items are at addresses where the processor can read them. */
static int is_aligned(const Py_buffer *view)
{
    int aligned = (uintptr_t)view->buf % (size_t)view->itemsize == 0;
    for (int i = 0; view->strides && i < view->ndim; i++)
        aligned &= view->shape[i] < 2 || view->strides[i] % view->itemsize == 0;
    return aligned || view->len == 0;
}

Py_buffer *get_real(PyObject *object, Views *views, int flags, Index length)
{
    Py_buffer *view = get_view(object, views, flags | PyBUF_FORMAT);
    if (!view)
        return NULL;
    if (!has_format(view, "fd") || !is_aligned(view)) {
        refuse("an array must be of aligned float32 or float64 in native byte order");
        return NULL;
    }
    if (length >= 0 && view->len != length * view->itemsize) {
        refuse("an array has another size than is needed");
        return NULL;
    }
    return view;
}

int get_flat(PyObject *object, Views *views, int flags, Index length, Index item_size,
             void **start)
{
    *start = NULL;
    if (object == Py_None)
        return 1;
    Py_buffer *view = get_view(object, views, flags | PyBUF_C_CONTIGUOUS);
    if (!view)
        return 0;
    if (view->itemsize != item_size || (length >= 0 && view->len != length * item_size))
        return refuse("an array has another size or dtype than is needed");
    *start = view->buf;
    return 1;
}

/* -- networks -------------------------------------------------------------------- */

/* Room for the integers of a tuple, filled. */
static Index *get_integers(PyObject *tuple, Index *n)
{
    *n = PyTuple_Size(tuple);
    if (*n < 0)
        return NULL;
    Index *numbers = malloc(((size_t)*n + 1) * sizeof *numbers);
    if (!numbers)
        return (Index *)PyErr_NoMemory();
    for (Index i = 0; i < *n; i++) {
        numbers[i] = PyLong_AsLongLong(PyTuple_GetItem(tuple, i));
        if (numbers[i] < 0) {
            free(numbers);
            if (!PyErr_Occurred())
                refuse("a negative number");
            return NULL;
        }
    }
    return numbers;
}

void network_free(Network *network)
{
    free((void *)network->sizes);
    free((void *)network->activations);
    free((void *)network->tasks);
    *network = (Network){0};
}

/* Whether sizes, and activations as the tuple had them, make sense together. */
static int is_network(const Network *network, Index n_activations)
{
    Index total = 0;
    if (network->n_layers < 1 || n_activations != network->n_layers - 1
        || network->loss < 0 || network->loss >= N_LOSSES)
        return 0;
    for (Index i = 0; i < n_activations; i++)
        if (network->activations[i] >= N_ACTIVATIONS)
            return 0;
    for (Index i = 0; i <= network->n_layers; i++)
        if (network->sizes[i] < 1)
            return 0;
    for (Index i = 0; i < network->n_tasks; i++)
        total += network->tasks[i];
    return !network->n_tasks || total == network->sizes[network->n_layers];
}

int get_network(Network *network, PyObject *sizes, PyObject *activations, int loss,
                PyObject *tasks)
{
    Index n_sizes, n_activations;
    *network = (Network){.loss = loss};
    network->sizes = get_integers(sizes, &n_sizes);
    if (!network->sizes)
        return 0;
    network->n_layers = n_sizes - 1;
    Index *codes = get_integers(activations, &n_activations);
    if (!codes)
        return 0;
    int *own = malloc(((size_t)n_activations + 1) * sizeof *own);
    for (Index i = 0; own && i < n_activations; i++)
        own[i] = codes[i] < N_ACTIVATIONS ? (int)codes[i] : N_ACTIVATIONS;
    free(codes);
    network->activations = own;
    if (!own)
        return PyErr_NoMemory() != NULL;
    network->tasks = get_integers(tasks, &network->n_tasks);
    if (!network->tasks)
        return 0;
    return is_network(network, n_activations) || refuse("not a network");
}

Index n_parameters(const Network *network)
{
    Index n = 0;
    for (Index l = 0; l < network->n_layers; l++)
        n += (network->sizes[l] + 1) * network->sizes[l + 1];
    return n;
}

/* -- rows ------------------------------------------------------------------------ */

static int is_compressed(const Matrix *X, Index n_stored, Index n_columns)
{
    const int size = X->index_size;
    int right = index_at(X->offsets, size, 0) >= 0
                && index_at(X->offsets, size, X->n_rows) <= n_stored;
    for (Index i = 0; i < X->n_rows; i++)
        right &= index_at(X->offsets, size, i) <= index_at(X->offsets, size, i + 1);
    if (!right)
        return 0;
    for (Index e = index_at(X->offsets, size, 0);
         e < index_at(X->offsets, size, X->n_rows); e++) {
        const Index column = index_at(X->columns, size, e);
        right &= column >= 0 && column < n_columns;
    }
    return right;
}

static int get_compressed(PyObject *tuple, Views *views, Matrix *X, Index n_columns,
                          Index item_size)
{
    PyObject *numbers, *columns, *offsets;
    Py_ssize_t largest;
    if (!PyArg_ParseTuple(tuple, "OOOnp", &numbers, &columns, &offsets, &largest,
                          &X->sleeps))
        return 0;
    const Py_buffer *data = get_real(numbers, views, PyBUF_C_CONTIGUOUS, -1);
    const Py_buffer *where = data ? get_view(columns, views, PyBUF_C_CONTIGUOUS) : NULL;
    const Py_buffer *starts =
        where ? get_view(offsets, views, PyBUF_C_CONTIGUOUS) : NULL;
    if (!starts)
        return 0;
    X->start = data->buf;
    X->item_size = (int)data->itemsize;
    X->columns = where->buf;
    X->offsets = starts->buf;
    X->index_size = (int)starts->itemsize;
    X->n_rows = starts->len / starts->itemsize - 1;
    X->largest_batch = largest;
    const Index n_stored =
        smaller(data->len / data->itemsize, where->len / where->itemsize);
    if (X->item_size != item_size || where->itemsize != starts->itemsize
        || (X->index_size != 4 && X->index_size != 8) || X->n_rows < 0 || largest < 0
        || n_columns > INT32_MAX || !is_compressed(X, n_stored, n_columns))
        return refuse("not compressed rows of the network's dtype and inputs");
    return 1;
}

int get_matrix(PyObject *object, Views *views, Matrix *X, Index n_columns,
               Index item_size)
{
    *X = (Matrix){0};
    if (PyTuple_Check(object))
        return get_compressed(object, views, X, n_columns, item_size);
    const Py_buffer *view = get_real(object, views, PyBUF_STRIDES, -1);
    if (!view)
        return 0;
    if (view->ndim != 2 || view->shape[1] != n_columns)
        return refuse("X has not one column for each input");
    X->start = view->buf;
    X->n_rows = view->shape[0];
    X->row_stride = view->strides[0];
    X->column_stride = view->strides[1];
    X->item_size = (int)view->itemsize;
    return 1;
}

int are_rows(const Index *order, Index n_order, Index first, Index n, Index n_rows)
{
    if (first < 0 || n < 0 || n > (order ? n_order : n_rows) - first)
        return 0;
    int inside = 1;
    for (Index i = first; order && i < first + n; i++)
        inside &= order[i] >= 0 && order[i] < n_rows;
    return inside;
}

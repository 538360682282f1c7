/* From Python's objects to the engine's structures, and all checks of memory.
 *
 * Functions that return 0 or NULL have set an exception.
 */
#ifndef SKANN_CONVERT_H
#define SKANN_CONVERT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "engine.h"

/* Buffers that stay exported until views_release. */
enum { MAX_VIEWS = 10 };
typedef struct {
    Py_buffer views[MAX_VIEWS];
    int n;
} Views;

void views_release(Views *);

/* Raise a ValueError. */
int refuse(const char *what);

/* An array of float32 or float64 of so many numbers (-1: any); its buffer. */
Py_buffer *get_real(PyObject *, Views *, int flags, Index length);
/* The start of a flat array of numbers of so many bytes; of None, NULL without an
 * exception. */
int get_flat(PyObject *, Views *, int flags, Index length, Index item_size,
             void **start);

/* What network_free is due for. */
int get_network(Network *, PyObject *sizes, PyObject *activations, int loss,
                PyObject *tasks);
void network_free(Network *);
Index n_parameters(const Network *);

/* A matrix from an array of two dimensions or, for CSR, from a tuple: numbers, columns,
 * offsets, largest batch, whether weights may sleep. */
int get_matrix(PyObject *, Views *, Matrix *, Index n_columns, Index item_size);

/* Whether [first, first + n) are rows, or numbers of rows in an order of n_order. */
int are_rows(const Index *order, Index n_order, Index first, Index n, Index n_rows);

/* The instance in use for numbers of so many bytes. */
const Instance *instance_for(Index item_size);

/* The type object, new. */
PyObject *make_training_type(void);

#endif

/* From Python's objects to the engine's structures. What the engine is given fits into
 * the memory that it is said to be in: nothing else checks that.
 *
 * Functions that return 0 or NULL have set an exception.
 */
#ifndef SKANN_CONVERT_H
#define SKANN_CONVERT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "engine.h"

enum { MAX_THREADS = 1024 };

/* Buffers that stay exported until views_release. */
enum { MAX_VIEWS = 11 };
typedef struct {
    Py_buffer views[MAX_VIEWS];
    int n;
} Views;

void views_release(Views *);

/* Raise a ValueError. */
int value_error(const char *what);

/* Kinds of items. */
extern const char REAL[], FLOAT64[], INTEGER[];

/* A contiguous array of items of a kind and of so many bytes (-1: any), and of so many
 * of them (-1: any). */
Py_buffer *get_array(PyObject *, Views *, const char *kind, Index item_size, int flags,
                     Index length);
/* The start of such an array; of None, NULL without an exception. */
int get_optional(PyObject *, Views *, const char *kind, Index item_size, Index length,
                 const void **start);
/* Numbers of rows; of None, NULL without an exception, and -1 for how many. */
int get_order(PyObject *, Views *, const Index **order, Index *n);

/* What network_free is due for. */
int get_network(Network *, PyObject *sizes, PyObject *activations, int loss,
                PyObject *loss_options, PyObject *tasks);
void network_free(Network *);
Index n_parameters(const Network *); /* INT64_MAX if there are more */

/* A matrix from an array of two dimensions or, for CSR, from a tuple: numbers, columns,
 * offsets, largest batch, whether updates are lazy. Where these point to is checked by
 * have_rows. */
int get_matrix(PyObject *, Views *, Matrix *, Index n_columns, Index item_size);

/* Whether [first, first + n) are rows of X, or numbers of rows in an order of n_order;
 * and, for CSR, whether all that is stored in them can be used, in batches. X may have
 * been changed since it was last asked. */
int have_rows(const Matrix *X, Index n_columns, const Index *order, Index n_order,
              Index first, Index n, Index batch_size);

#endif

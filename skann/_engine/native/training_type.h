/* Training as a Python type: a network, its data and its rule, ready to run. */
#ifndef SKANN_TRAINING_TYPE_H
#define SKANN_TRAINING_TYPE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* The type object, new, for a module. It uses the module's level. */
PyObject *make_training_type(PyObject *module);

#endif

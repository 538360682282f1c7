/* One instance of the engine. Its file defines
 *
 *   REAL_BITS, VECTOR_BYTES   the numbers and their vectors
 *   NAME, LABEL               what the instance and its level are called
 *   TARGET                    instructions that not every x86 processor has, if it uses
 *                             any; there is nothing in it elsewhere
 */
#if !defined(TARGET) || defined(__x86_64__)

#define PRAGMA(text) _Pragma(#text)
#if defined(TARGET) && defined(__clang__)
#define BEGIN(t)                                                                       \
    PRAGMA(clang attribute push(__attribute__((target(t))), apply_to = function))
BEGIN(TARGET)
#elif defined(TARGET)
#define BEGIN(t) PRAGMA(GCC target(t))
BEGIN(TARGET)
#endif

#include "prediction.h"
#include "steps.h"

const Instance NAME = {
    .name = LABEL,
    .training_new = training_new,
    .training_free = training_free,
    .training_run = training_run,
    .training_flush = training_flush,
    .predict = predict,
};

#if defined(TARGET) && defined(__clang__)
#pragma clang attribute pop
#endif

#else
typedef int nothing_here;
#endif

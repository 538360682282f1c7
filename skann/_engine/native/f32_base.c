/* Whatever every processor of the kind can do: SSE2, NEON. */
#define REAL_BITS 32
#define VECTOR_BYTES 16
#define NAME skann_f32_base
#define LABEL "base"
#include "instance.h"

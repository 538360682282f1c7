/* x86 processors with AVX2 and FMA, but without prefetches for writing: Haswell. */
#define REAL_BITS 32
#define VECTOR_BYTES 32
#define NAME skann_f32_avx2_plain
#define LABEL "avx2"
#define TARGET "avx2,fma"
#include "instance.h"

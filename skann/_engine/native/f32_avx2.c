/* x86 processors with AVX2. */
#define REAL_BITS 32
#define VECTOR_BYTES 32
#define NAME skann_f32_avx2
#define LABEL "avx2"
#define TARGET "avx2,fma,prfchw"
#include "instance.h"

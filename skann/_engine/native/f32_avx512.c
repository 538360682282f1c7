/* x86 processors with AVX-512. */
#define REAL_BITS 32
#define VECTOR_BYTES 64
#define NAME skann_f32_avx512
#define LABEL "avx512"
#define TARGET "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,prfchw"
#include "instance.h"

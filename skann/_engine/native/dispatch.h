/* The instances of the engine that this processor can run. */
#ifndef SKANN_DISPATCH_H
#define SKANN_DISPATCH_H

#include "engine.h"

/* Levels of vector instructions are numbered from 0, the least. */
int n_levels(void);
const char *level_name(int level);
/* The instance for numbers of so many bytes. */
const Instance *instance_for(int level, Index item_size);

#endif

/* Looking for signals while the engine works. */
#ifndef SKANN_SIGNALS_H
#define SKANN_SIGNALS_H

#include "real.h"

/* Products of a weight and a row between two looks at the clock, which takes as long as
 * a hundred of them; and what takes so long that it is interrupted on the way. */
#define WORK_OF_A_LOOK 0x1p18
#define WORK_TO_INTERRUPT 0x1p24

typedef struct {
    const Interrupt *interrupt;
    FloatControl before; /* for Python's handlers */
    double next;         /* on the clock */
} SignalWatch;

static SignalWatch watch_signals(const Interrupt *interrupt, FloatControl before)
{
    enum { PER_SECOND = 20 };
    return (SignalWatch){interrupt, before, seconds_now() + 1.0 / PER_SECOND};
}

/* Whether to stop, at a time of the clock. */
static int signal_is_raised(SignalWatch *watch, double now)
{
    if (now < watch->next)
        return 0;
    restore_float_control(watch->before);
    const int raised = watch->interrupt->is_raised(watch->interrupt->data);
    *watch = watch_signals(watch->interrupt, flush_subnormals_to_zero());
    return raised;
}

/* How many pieces of some work there may be to a look at the clock. */
static Index pieces_to_a_look(double work)
{
    enum { MOST = 16 };
    return work * MOST <= WORK_OF_A_LOOK ? MOST : (Index)(WORK_OF_A_LOOK / work) + 1;
}

#endif

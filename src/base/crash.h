#ifndef BASE_CRASH_H
#define BASE_CRASH_H

/*
 * Points of a run's life at which a test makes a program die, as by kill -9, or hang: compiled in by
 * configure --enable-crash-points alone. The environment's GATEHOUSE_CRASH names a file of one line, "POINT" or
 * "POINT hang"; who comes to that point first takes the file away, so that it happens once.
 */
#ifdef GATEHOUSE_CRASH_POINTS
void crash_point(const char *name);
#define CRASH_POINT(name) crash_point(name)
#else
#define CRASH_POINT(name) ((void)0)
#endif

#endif

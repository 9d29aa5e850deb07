#ifndef MAIN_DOCTOR_H
#define MAIN_DOCTOR_H

#include "main/admin.h"

/* What the files of `gatehouse doctor` share. Nothing else includes this. */

enum finding { FINE, DOUBTFUL, BROKEN };

struct visit {
	struct admin *a;
	const struct config *config;
	void *ctx;
	enum finding worst;
};

/* Prints a line of what was found. */
void doctor_find(struct visit *v, enum finding what, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* --- admin_doctor_programs.c --- */

/* The programs that services run with, and those that fetch their code and build their environments. */
void doctor_programs(struct visit *v);

#endif

#ifndef API_DRIVE_H
#define API_DRIVE_H

#include "case.h"
#include "world.h"

/* Does what FILE says, in a world of its own. False where something is not as expected: OUT says what. */
bool drive_case(const struct case_file *file, struct text *out);

#endif

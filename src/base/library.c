#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

#include "base/mem.h"

static enum err
refuse(const char *library, const char *package, struct error *e)
{
	const char *why = dlerror();

	return error_set(e, ERR_UNAVAILABLE, "%s cannot be loaded: install the package %s (%s)",
	    library, package, why != NULL ? why : "unknown reason");
}

enum err
library_open(const char *library, const char *package, const struct library_function *functions,
    size_t n, void *table, size_t size, struct error *e)
{
	SCOPED(tmp, NULL);
	void *lib = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	char *found = mem_bytes(tmp, size);

	if (lib == NULL)
		return refuse(library, package, e);
	for (size_t i = 0; i < n; i++) {
		void *p = dlsym(lib, functions[i].name);

		if (p == NULL) {
			refuse(library, package, e);
			dlclose(lib);
			return e->code;
		}
		/* C has no cast between these kinds of pointers; POSIX has them alike. */
		memcpy(found + functions[i].at, &p, sizeof p);
	}
	memcpy(table, found, size);
	return ERR_OK;
}

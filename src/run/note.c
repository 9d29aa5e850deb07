#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "run/parts.h"

enum {
	DETAIL_MAX = 65536,	/* bytes: the output of a tool that built something */
	PENDING_MAX = 1000	/* events of one run between two commits */
};

void
run_note(struct run *r, const char *event, const char *detail)
{
	struct notes *n = &r->notes;
	struct job_event *one;
	const char *said = detail != NULL ? detail : "";
	size_t len = strnlen(said, DETAIL_MAX);

	if (n->n == PENDING_MAX)
		return;
	if (n->texts == NULL)
		n->texts = mem_scope(r);
	n->at = MEM_GROW(r, n->at, struct job_event, n->n + 1);
	one = &n->at[n->n++];
	*one = (struct job_event){
		.at = clock_wall(),
		.attempt = r->job.attempt,
		.event = mem_text(n->texts, event),
		.detail = utf8_mend(n->texts, said, len, &len),
	};
	run_todo(r, TODO_NOTE);
}

enum err
notes_write(const struct run *r, struct db *db, struct error *e)
{
	for (size_t i = 0; i < r->notes.n; i++)
		if (job_event_add(db, r->job.id, &r->notes.at[i], e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

void
notes_written(struct run *r)
{
	mem_free(r->notes.texts);
	mem_free(r->notes.at);
	r->notes = (struct notes){ 0 };
}

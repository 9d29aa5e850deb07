#include "world.h"

#include <string.h>

#include "db/record.h"
#include "store/certificate.h"
#include "store/gateway.h"
#include "store/item.h"
#include "store/job.h"

TestSuite(record, .init = world_open, .fini = world_end);

/* The statements of the store carry every type of field there and back. */

static void
write_row(struct db *db, enum sql which, const struct field *fields, const void *record)
{
	struct error e = { 0 };
	int changed = -1;
	TXN(t);
	STMT(st, db, which);

	cr_assert_eq(txn_begin(&t, db, &e), ERR_OK);
	cr_assert_eq(record_write(st, fields, record, &changed, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(changed, 1);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
}

static bool
read_row(enum sql which, const struct field *fields, void *record)
{
	struct error e = { 0 };
	bool found;
	STMT(st, w.db, which);

	stmt_text(st, "id", "row");
	cr_assert_eq(record_find_row(w.ctx, st, fields, record, &found, &e), ERR_OK, "%s", e.detail);
	return found;
}

/* TEXT, BOOL, TIME, JSON, NEST, NAMES; computed members are left alone. */
Test(record, gateway_there_and_back)
{
	const char text[] = "a \"quoted\" 'text' \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\n\t\x01";
	struct gateway g = {
		.id = "row", .cluster_id = "lab", .gateway_name = text, .description = "", .enabled = true,
		.readonly = false, .connector_kind = "simulator", .connector_settings = "{\"a\":[1,null,\"\xc3\xa4\"]}",
		.created = INT64_MAX, .last_updated = 0, .last_connected = -1,
		.created_by = "me", .last_updated_by = "you", .connection_status = "not a column",
	}, back = { .connection_status = "kept", .groups = { .n = 7 } };

	write_row(w.db, SQL_GATEWAY_INSERT, gateway_fields, &g);
	cr_assert(read_row(SQL_GATEWAY_GET, gateway_fields, &back));
	cr_expect_str_eq(back.id, "row");
	cr_expect_str_eq(back.gateway_name, text);
	cr_expect_str_eq(back.description, "");
	cr_expect(back.enabled);
	cr_expect_not(back.readonly);
	cr_expect_str_eq(back.connector_kind, "simulator");
	cr_expect_str_eq(back.connector_settings, g.connector_settings);
	cr_expect_eq(back.created, INT64_MAX);
	cr_expect_eq(back.last_updated, 0);
	cr_expect_eq(back.last_connected, -1);
	cr_expect_str_eq(back.connection_status, "kept");
	cr_expect_eq(back.groups.n, 7, "a list is no column");
}

Test(record, negative_times)
{
	struct certificate c = {
		.id = "row", .certificate = "pem", .fingerprint = "f", .type = "Host", .self_signed = true,
		.not_before = -1, .not_after = INT64_C(253402300799000),
	}, back = { .expires_in_days = 5 };

	write_row(w.db, SQL_CERTIFICATE_INSERT, certificate_fields, &c);
	cr_assert(read_row(SQL_CERTIFICATE_GET, certificate_fields, &back));
	cr_expect_eq(back.not_before, -1);
	cr_expect_eq(back.not_after, INT64_C(253402300799000));
	cr_expect(back.self_signed);
	cr_expect_eq(back.expires_in_days, 5);
	cr_expect_str_eq(back.alias, "", "a NULL text that is not nullable becomes empty");
}

/* INT, nullable numbers and texts, JSON that is NULL. */
struct nullables {
	const char *id, *error, *results, *params;
	int64_t return_code, ended;
	bool truncated;
};

static const struct field nullable_fields[] = {
	F_TEXT(nullables, id),
	F_TEXT(nullables, error, .nullable = 1),
	F_JSON(nullables, results),
	F_JSON(nullables, params),
	F_INT(nullables, return_code, .nullable = 1),
	F_EPOCH(nullables, ended),
	F_BOOL(nullables, truncated),
	F_END
};

static void
insert_job(void)
{
	struct error e = { 0 };
	struct job j = {
		.id = "row", .attempt_id = "a", .request_id = "r", .params = "{}", .state = "queued", .requested_by = "t",
		.return_code = FIELD_NONE,
	};
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_assert_eq(job_insert(w.db, &j, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
}

static void
end_row(struct nullables *n)
{
	struct error e = { 0 };
	TXN(t);
	STMT(st, w.db, SQL_JOB_END);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	record_bind(nullable_fields, st, n);
	stmt_text(st, "state", "failed");
	stmt_int(st, "elapsed_ms", 0);
	cr_assert_eq(stmt_exec(st, NULL, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
}

Test(record, what_is_not_there_is_null_and_comes_back_so)
{
	struct nullables n = { .id = "row", .return_code = FIELD_NONE }, back = { .error = "x", .results = "x" };

	insert_job();
	end_row(&n);
	cr_expect_eq(world_count(w.db, "job WHERE error IS NULL AND results IS NULL AND return_code IS NULL"), 1);
	cr_assert(read_row(SQL_JOB_GET, nullable_fields, &back));
	cr_expect_null(back.error);
	cr_expect_null(back.results);
	cr_expect_eq(back.return_code, FIELD_NONE);
	cr_expect_str_eq(back.params, "{}");
	n = (struct nullables){ .id = "row", .error = "", .results = "[]", .return_code = 0, .ended = 5 };
	end_row(&n);
	cr_assert(read_row(SQL_JOB_GET, nullable_fields, &back));
	cr_expect_str_eq(back.error, "", "an empty text is not NULL");
	cr_expect_str_eq(back.results, "[]");
	cr_expect_eq(back.return_code, 0, "0 is a number");
	cr_expect_eq(back.ended, 5);
	cr_expect_not(back.truncated);
}

/* A FIELD_NEST of a table of fields, twice deep. */
static const struct field deep_fields[] = { F_BOOL(nullables, truncated), F_END };
static const struct field nest_fields[] = { F_INT(nullables, return_code), F_NEST("deep", deep_fields), F_END };
static const struct field outer_fields[] = {
	F_NEST("nest", nest_fields),
	F_TEXT(nullables, id),
	F_TEXT(nullables, error, .private = 1),
	F_END
};

Test(record, nests_are_read_and_private_ones_are_not)
{
	struct nullables n = { .id = "row", .error = "e", .return_code = 3 },
		back = { .error = "untouched", .truncated = true };

	insert_job();
	end_row(&n);
	cr_assert(read_row(SQL_JOB_GET, outer_fields, &back));
	cr_expect_eq(back.return_code, 3);
	cr_expect_not(back.truncated);
	cr_expect_str_eq(back.id, "row");
	cr_expect_str_eq(back.error, "untouched");
}

Test(record, no_row_leaves_the_record_alone)
{
	struct gateway g = { .id = "before" };

	cr_expect_not(read_row(SQL_GATEWAY_GET, gateway_fields, &g));
	cr_expect_str_eq(g.id, "before");
}

/* More rows than the first room of the list. */
Test(record, many_rows)
{
	enum { MANY = 100 };
	struct error e = { 0 };
	struct records all;

	{
		STMT(st, w.db, SQL_GATEWAY_LIST);

		cr_expect_eq(records_read(w.ctx, st, gateway_fields, sizeof(struct gateway), &all, &e), ERR_OK);
		cr_expect_eq(all.n, 0);
	}
	for (int i = 0; i < MANY; i++) {
		struct gateway g = {
			.id = mem_printf(w.ctx, "g%03d", i), .cluster_id = mem_printf(w.ctx, "c%03d", i),
			.connector_settings = "{}", .created = i,
		};

		write_row(w.db, SQL_GATEWAY_INSERT, gateway_fields, &g);
	}
	{
		STMT(st, w.db, SQL_GATEWAY_LIST);

		cr_expect_eq(records_read(w.ctx, st, gateway_fields, sizeof(struct gateway), &all, &e), ERR_OK);
	}
	cr_assert_eq(all.n, MANY);
	for (int i = 0; i < MANY; i++) {
		const struct gateway *g = records_at(&all, (size_t)i);

		cr_expect_str_eq(g->id, mem_printf(w.ctx, "g%03d", i));
		cr_expect_eq(g->created, i);
		cr_expect_str_eq(g->description, "");
		cr_expect_null(g->connection_status);
	}
}

/* ---- bytes and columns ---- */

Test(record, columns_by_name)
{
	struct error e = { 0 };
	const unsigned char bytes[] = { 0, 1, 0xff, 0, 0x80 };
	struct output_chunk c;
	bool more;

	insert_job();
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_assert_eq(output_add(w.db, "row", 0, 0, bytes, sizeof bytes, &e), ERR_OK, "%s", e.detail);
		cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	}
	cr_assert_eq(output_next(w.ctx, w.db, "row", 0, 0, &c, &e), ERR_OK);
	cr_assert_eq(c.n, sizeof bytes);
	cr_expect_arr_eq(c.bytes, bytes, sizeof bytes);
	{
		STMT(st, w.db, SQL_JOB_GET);

		stmt_text(st, "id", "row");
		cr_assert_eq(stmt_row(st, &more, &e), ERR_OK);
		cr_assert(more);
		cr_expect_str_eq(stmt_col_text(st, "state"), "queued");
		cr_expect_eq(stmt_col_int(st, "attempt"), 1);
		cr_expect(stmt_at_null(st, stmt_column(st, "error")));
		cr_expect_null(stmt_col_text(st, "error"));
		cr_expect_not(stmt_at_null(st, stmt_column(st, "state")));
		cr_expect_geq(stmt_column(st, "state"), 0);
		cr_expect_eq(stmt_column(st, "State"), -1);
		cr_expect_eq(stmt_column(st, ""), -1);
		cr_assert_eq(stmt_row(st, &more, &e), ERR_OK);
		cr_expect_not(more);
	}
}

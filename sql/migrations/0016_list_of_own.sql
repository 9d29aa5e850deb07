-- Whose job it is says its time, too: an account of the same name may have been before.
DROP INDEX job_list;
CREATE INDEX job_list ON job (seq, cluster_id, service, state, requested_by, gateway_id, service_id, created);

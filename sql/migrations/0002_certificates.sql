-- What is read of a certificate (the rows of 0001 had no way in yet). Validity may be negative: before 1970.
ALTER TABLE certificate ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE certificate ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE certificate ADD COLUMN self_signed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE certificate ADD COLUMN type TEXT NOT NULL DEFAULT 'Host';
ALTER TABLE certificate ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;
ALTER TABLE certificate ADD COLUMN not_after INTEGER NOT NULL DEFAULT 0;

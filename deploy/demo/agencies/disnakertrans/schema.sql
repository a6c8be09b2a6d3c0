-- The manpower office's foreign workers (TKA) and approvals to employ them (RPTKA).
CREATE SCHEMA wlkp;

CREATE TABLE wlkp.perusahaan (nib text PRIMARY KEY, nama text NOT NULL);

CREATE TABLE wlkp.rptka (
  no_sah text PRIMARY KEY,
  nib text NOT NULL,
  jabatan text,
  lokasi text,                              -- regencies, separated by semicolons
  mulai date,
  akhir date
);

CREATE TABLE wlkp.tka (
  id int PRIMARY KEY,
  nama_tka text NOT NULL,                   -- Given Surname
  kewarganegaraan text,                     -- in English
  no_paspor text,
  tgl_lahir text,                           -- dd-mm-yyyy
  diperbarui timestamptz NOT NULL
);

CREATE TABLE wlkp.tka_rptka (id_tka int NOT NULL, no_sah text NOT NULL, PRIMARY KEY (id_tka, no_sah));

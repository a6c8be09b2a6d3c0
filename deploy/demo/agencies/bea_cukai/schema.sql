-- Customs' passenger declarations (a central agency's local office).
CREATE SCHEMA ceisa;

CREATE TABLE ceisa.cd_penumpang (
  id_cd text PRIMARY KEY,
  mrz1 char(44),                            -- the two lines of the passport, TD3
  mrz2 char(44),
  flight text,
  tgl_tiba int,                             -- yyyymmdd
  kd_bandara char(3),
  alamat text
);

CREATE TABLE ceisa.pelanggaran (no_sbp text PRIMARY KEY, id_cd text NOT NULL, jenis text NOT NULL, kantor text);

-- The civil register's resident foreigners.
CREATE SCHEMA siak;

CREATE TABLE siak.biodata_oa (
  nik char(16) PRIMARY KEY,
  nama_lgkp text NOT NULL,
  tmpt_lhr text,
  tgl_lhr date,
  jenis_klmin smallint,                     -- 1 man, 2 woman
  kwrngrn text,                             -- TIONGKOK
  no_paspor text,
  stat_kwn smallint,                        -- 1 single, 2 married, 3 divorced, 4 widowed
  kab_kota text,
  dilindungi boolean NOT NULL DEFAULT false
);

CREATE TABLE siak.sktt (no_sktt text PRIMARY KEY, nik char(16) NOT NULL, alamat text, berlaku_sd date);

CREATE TABLE siak.peristiwa (no_akta text PRIMARY KEY, nik char(16) NOT NULL, jenis text NOT NULL, tgl date);

-- The provincial narcotics agency's cases; rehab holds health data (UU 27/2022 ps 4) and no mapping may name it.
CREATE SCHEMA sintel;

CREATE TABLE sintel.tersangka (
  no_lkn text PRIMARY KEY,
  nama_depan text,
  nama_belakang text,
  tgl_lahir int,                            -- yyyymmdd
  jk smallint,                              -- 1 man, 2 woman
  wn char(3),                               -- ISO 3166-1 alpha-3
  paspor text,
  tahap text,
  tgl_lkn date
);

CREATE TABLE sintel.rehab (no_rekam text PRIMARY KEY, nama text, diagnosis text);

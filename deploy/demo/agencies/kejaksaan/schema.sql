-- The prosecution's case management, as far as it concerns defendants of foreign nationality.
CREATE SCHEMA cms;

CREATE TABLE cms.perkara (no_reg text PRIMARY KEY, tahap text, kejari text, tgl_register date);

CREATE TABLE cms.terdakwa (
  no_reg text NOT NULL REFERENCES cms.perkara,
  urut int NOT NULL,
  nama text NOT NULL,
  umur_lahir text,                          -- 39 tahun / 12 Maret 1986
  kelamin text,                             -- Laki-laki, Perempuan
  kebangsaan text,
  PRIMARY KEY (no_reg, urut)
);

CREATE TABLE cms.permintaan_cekal (
  no_surat text PRIMARY KEY,
  no_reg text NOT NULL,
  urut int NOT NULL,
  jenis text NOT NULL,                      -- CEGAH, TANGKAL
  tanggal date
);

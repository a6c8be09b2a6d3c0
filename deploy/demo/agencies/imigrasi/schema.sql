-- Immigration's own database (kantor imigrasi, Banten), as its vendor named things.
CREATE SCHEMA keim;

CREATE TABLE keim.orang_asing (
  niora text PRIMARY KEY,
  nm_lengkap text NOT NULL,                 -- SURNAME GIVEN, as the passport is read aloud
  tgl_lahir date,
  jns_kelamin char(1),                      -- L laki-laki, P perempuan
  kd_negara text,                           -- ICAO 9303 code
  no_paspor text,
  tgl_habis date,                           -- end of the passport
  dilindungi boolean NOT NULL DEFAULT false, -- protected person: no node ever answers with it
  diperbarui timestamptz NOT NULL
);

CREATE TABLE keim.penjamin (id bigint PRIMARY KEY, nama text NOT NULL, nib text);

CREATE TABLE keim.izin_tinggal (
  no_izin text PRIMARY KEY,
  niora text NOT NULL,
  jenis text NOT NULL,                      -- ITK, ITAS, ITAP
  indeks text NOT NULL,
  terbit date NOT NULL,
  berlaku date NOT NULL,
  id_penjamin bigint,
  alamat text,
  kab_kota text,
  kantor text,
  status text                               -- AKTIF, PERPANJANGAN DIAJUKAN
);

CREATE TABLE keim.perlintasan (
  niora text NOT NULL,
  arah char(1) NOT NULL,                    -- D datang (in), B berangkat (out)
  tpi text NOT NULL,
  waktu timestamptz NOT NULL
);

CREATE TABLE keim.cekal (
  no_skep text PRIMARY KEY,
  niora text NOT NULL,
  jenis char(1) NOT NULL,                   -- C cegah (exit), T tangkal (entry)
  mulai date NOT NULL,
  akhir date
);

CREATE TABLE keim.apoa (
  no_stp text PRIMARY KEY,
  nama text NOT NULL,
  no_paspor text,
  masuk date NOT NULL,
  keluar date,
  hotel text,
  kab_kota text,
  dilindungi boolean NOT NULL DEFAULT false -- set each night from orang_asing, by passport
);

CREATE TABLE keim.detensi (no_detensi text PRIMARY KEY, niora text NOT NULL, masuk date, keluar date, status text);

CREATE TABLE keim.tak (no_tak text PRIMARY KEY, niora text NOT NULL, jenis text, tanggal date, status text);

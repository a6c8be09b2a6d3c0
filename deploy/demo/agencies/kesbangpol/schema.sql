-- Kesbangpol's spreadsheet, imported as it is: the headings are the columns.
CREATE TABLE public.rekap_wna (
  "NO" int PRIMARY KEY,
  "NAMA_LENGKAP / TTL" text,                -- KIM MIN JUN / Seoul, 12 Maret 1984
  "L/P" text,
  "KEBANGSAAN" text,
  "NO PASPOR / KITAS" text,
  "KEGIATAN" text,
  "SPONSOR / TEMPAT KEGIATAN" text,
  "ALAMAT" text
);

-- The territorial command's report book, moved from a spreadsheet: every column is text.
CREATE TABLE public.lap_orang_asing (
  "NO_LAP" text PRIMARY KEY,
  "NAMA_ORANG" text,
  "WN" text,                                -- an adjective: WN Tiongkok, Warga Negara Korea Selatan
  "TTL" text,                               -- place and date of birth: Fuzhou, 3-4-85
  "PASPOR" text,
  "LOKASI" text,
  "SATUAN" text,
  "TGL_LAP" text                            -- dd-mm-yy
);

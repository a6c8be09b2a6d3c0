-- Serang regency: guests reported by villages within a day, and business licences.
CREATE TABLE public.lapor_tamu (
  no_lapor text PRIMARY KEY,
  nama_tamu text,
  warga_negara text,                        -- as people say it: Cina, Korsel
  lahir text,                               -- Maret 1984
  no_id text,
  masuk text,                               -- 5 Mei 2025
  keluar text,
  tempat text,
  rt_rw text,
  desa text,
  jenis text                                -- kos, mess, hotel
);

CREATE TABLE public.izin_usaha (nib text PRIMARY KEY, nama text NOT NULL, status text NOT NULL);

CREATE TABLE public.pemodal (
  nib text NOT NULL,
  urut int NOT NULL,
  nama text NOT NULL,
  paspor text,
  jabatan text,
  PRIMARY KEY (nib, urut)
);

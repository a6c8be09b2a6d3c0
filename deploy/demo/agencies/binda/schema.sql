-- The regional intelligence agency's subjects.
CREATE TABLE public.subjek (
  id uuid PRIMARY KEY,
  nm_utama text NOT NULL,
  nm_lain text[] NOT NULL DEFAULT '{}',
  lahir_thn int,
  lahir_bln int,
  lahir_tgl int,
  negara text[] NOT NULL DEFAULT '{}',      -- ISO 3166-1 alpha-3
  dok jsonb NOT NULL DEFAULT '[]',          -- [{"jenis": "paspor", "nomor": ..., "negara": ...}]
  diubah timestamptz NOT NULL
);

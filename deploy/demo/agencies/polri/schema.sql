-- The regional police's registration of foreigners (STM) and its list of wanted persons (DPO).
CREATE SCHEMA intelkam;

CREATE TABLE intelkam.stm (
  no_stm text PRIMARY KEY,
  first_name varchar(60),
  last_name varchar(60),
  nama_lain varchar(60),
  dob varchar(10),                          -- dd/mm/yyyy as text
  sex char(1),                              -- M, F
  nat char(2),                              -- ISO 3166-1 alpha-2
  tgl_stm date,
  dilindungi boolean NOT NULL DEFAULT false
);

CREATE VIEW intelkam.v_wna AS
  SELECT no_stm, first_name, last_name, nama_lain, dob, sex, nat, tgl_stm, dilindungi FROM intelkam.stm;

CREATE TABLE intelkam.dpo (
  no_dpo text PRIMARY KEY,
  nama_alias text NOT NULL,                 -- A alias B
  umur int,                                 -- age on the day of issue, from witnesses
  jk char(1),
  wn char(2),
  satuan text,
  tgl_terbit date NOT NULL,
  status text NOT NULL                      -- AKTIF, DICABUT
);

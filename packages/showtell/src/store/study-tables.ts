// The tables of human evaluation, as SQL; docs/formats.md explains them. What is in their JSON columns, study-records.ts knows.

/** Studies with their pictures, raters, tasks and answers. */
export const studyTables = `
CREATE TABLE study (
  id      INTEGER PRIMARY KEY,
  design  TEXT NOT NULL,
  created TEXT NOT NULL
) STRICT;

CREATE TABLE study_picture (
  study      INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
  place      INTEGER NOT NULL,
  image      TEXT NOT NULL,
  media_type TEXT NOT NULL,
  bytes      BLOB NOT NULL,
  refs       TEXT NOT NULL,
  captions   TEXT NOT NULL,
  PRIMARY KEY (study, place)
) STRICT;

CREATE TABLE study_rater (
  id    INTEGER PRIMARY KEY,
  study INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  token TEXT NOT NULL UNIQUE,
  UNIQUE (study, place)
) STRICT;

CREATE TABLE study_task (
  rater INTEGER NOT NULL REFERENCES study_rater (id) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  task  TEXT NOT NULL,
  PRIMARY KEY (rater, place)
) STRICT;

CREATE TABLE study_answer (
  rater       INTEGER NOT NULL,
  place       INTEGER NOT NULL,
  answer      TEXT NOT NULL,
  ms          INTEGER NOT NULL,
  answered_at TEXT NOT NULL,
  PRIMARY KEY (rater, place),
  FOREIGN KEY (rater, place) REFERENCES study_task (rater, place) ON DELETE CASCADE
) STRICT;
`;

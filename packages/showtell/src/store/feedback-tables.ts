// The tables of feedback, as SQL; docs/formats.md explains them.

/** What people think of captions, and the pictures that they gave with it. */
export const feedbackTables = `
CREATE TABLE feedback_picture (
  hash       TEXT PRIMARY KEY,
  media_type TEXT NOT NULL,
  bytes      BLOB NOT NULL
) STRICT;

CREATE TABLE feedback (
  id         INTEGER PRIMARY KEY,
  key        TEXT NOT NULL UNIQUE,
  changed_at TEXT NOT NULL,
  model      TEXT NOT NULL,
  caption    TEXT NOT NULL,
  thumb      TEXT CHECK (thumb IN ('up', 'down')),
  edited     TEXT,
  picture    TEXT REFERENCES feedback_picture (hash),
  CHECK (thumb IS NOT NULL OR edited IS NOT NULL)
) STRICT;

CREATE INDEX feedback_by_picture ON feedback (picture);
`;

// The schema, as the steps that lead to it. A step that was ever released is never changed; new ones go to the end.
#pragma once

namespace hort::store {

inline constexpr const char* migrations[] = {
    // 1: people, their accounts, devices and own rules; the trail of changes; settings of the installation
    R"sql(
CREATE TABLE people (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    tier TEXT NOT NULL
) STRICT;
CREATE TABLE accounts (
    account TEXT NOT NULL PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE
) STRICT;
CREATE TABLE devices (
    address TEXT NOT NULL PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE
) STRICT;
CREATE TABLE rules (
    person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE,
    subject TEXT NOT NULL,
    is_category INTEGER NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('allow', 'block')),
    PRIMARY KEY (person, is_category, subject)
) STRICT;
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
)sql",
    // 2: lists that are fetched, bundles that are installed, and the keys that may sign them
    R"sql(
CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('list', 'allow', 'bundle')),
    category TEXT NOT NULL,
    format TEXT NOT NULL,
    scope TEXT NOT NULL,
    title TEXT NOT NULL,
    etag TEXT NOT NULL DEFAULT '',
    last_modified TEXT NOT NULL DEFAULT '',
    checked INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0,
    next_check INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    entries INTEGER NOT NULL DEFAULT 0,
    problem TEXT NOT NULL DEFAULT '',
    UNIQUE (url, category)
) STRICT;
CREATE TABLE bundles (
    name TEXT NOT NULL PRIMARY KEY,
    serial INTEGER NOT NULL,
    key TEXT NOT NULL,
    installed INTEGER NOT NULL
) STRICT;
CREATE TABLE trusted_keys (
    key TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL
) STRICT;
)sql",
    // 3: hours by day, grants with their end, and what children ask for
    R"sql(
CREATE TABLE hours (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE,
    subject TEXT NOT NULL,
    days TEXT NOT NULL,
    windows TEXT NOT NULL,
    UNIQUE (person, subject, days)
) STRICT;
CREATE TABLE grants (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('allow', 'bonus', 'pause')),
    subject TEXT NOT NULL,
    until_wall INTEGER,
    until_boot INTEGER,
    boot TEXT NOT NULL,
    given INTEGER NOT NULL,
    giver TEXT NOT NULL
) STRICT;
CREATE TABLE requests (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('time', 'site')),
    subject TEXT NOT NULL,
    seconds INTEGER NOT NULL,
    why TEXT NOT NULL,
    made INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'approved', 'denied')),
    answer TEXT NOT NULL DEFAULT '',
    answered INTEGER NOT NULL DEFAULT 0
) STRICT;
)sql",
};

}  // namespace hort::store

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
};

}  // namespace hort::store

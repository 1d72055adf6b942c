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
    // 4: profiles that persons follow; birthdays; budgets and what is used of them; what changed by a change; the PIN
    R"sql(
ALTER TABLE people ADD COLUMN kind TEXT NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'profile'));
ALTER TABLE people ADD COLUMN parent INTEGER REFERENCES people(id);
ALTER TABLE people ADD COLUMN born TEXT NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN at_end TEXT NOT NULL DEFAULT 'lock'
    CHECK (at_end IN ('lock', 'freeze', 'log-out', 'nothing'));
ALTER TABLE people ADD COLUMN detail TEXT NOT NULL DEFAULT '' CHECK (detail IN ('', 'full', 'counts'));
ALTER TABLE rules ADD COLUMN is_always INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN before TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN after TEXT NOT NULL DEFAULT '';
INSERT OR IGNORE INTO people (name, tier, kind) VALUES ('household', '16-17', 'profile');
CREATE TABLE budgets (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    period TEXT NOT NULL CHECK (period IN ('day', 'week', 'month')),
    amounts TEXT NOT NULL,
    carries_over INTEGER NOT NULL,
    since INTEGER NOT NULL,
    UNIQUE (person, scope, period)
) STRICT;
CREATE TABLE uncounted (
    person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE,
    subject TEXT NOT NULL,
    PRIMARY KEY (person, subject)
) STRICT;
CREATE TABLE breaks (
    person INTEGER NOT NULL PRIMARY KEY REFERENCES people(id) ON DELETE CASCADE,
    after INTEGER NOT NULL,
    length INTEGER NOT NULL
) STRICT;
CREATE TABLE reserves (
    person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE,
    day INTEGER NOT NULL,
    scope TEXT NOT NULL,
    seconds INTEGER NOT NULL,
    PRIMARY KEY (person, day, scope)
) STRICT;
CREATE TABLE usage (
    person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE,
    day INTEGER NOT NULL,
    scope TEXT NOT NULL,
    seconds INTEGER NOT NULL,
    PRIMARY KEY (person, day, scope)
) STRICT, WITHOUT ROWID;
CREATE TABLE spans (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    start INTEGER NOT NULL,
    seconds INTEGER NOT NULL
) STRICT;
CREATE INDEX spans_by_scope ON spans (person, scope, start);
CREATE TABLE break_states (
    person INTEGER NOT NULL PRIMARY KEY REFERENCES people(id) ON DELETE CASCADE,
    run INTEGER NOT NULL,
    as_of INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT;
CREATE TABLE pin_attempts (
    account TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    blocked_until INTEGER NOT NULL
) STRICT;
)sql",
    // 5: names that the owner set
    R"sql(
CREATE TABLE local_records (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('A', 'AAAA', 'CNAME', 'PTR', 'TXT')),
    value TEXT NOT NULL,
    UNIQUE (name, type, value)
) STRICT;
)sql",
    // 6: settings of few values, of persons and profiles
    R"sql(
CREATE TABLE switches (
    person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (person, name)
) STRICT;
)sql",
    // 7: what was blocked and allowed
    R"sql(
CREATE TABLE activity_counts (
    person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE,
    time INTEGER NOT NULL,
    channel TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('allow', 'block')),
    reason TEXT NOT NULL,
    category TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (person, time, channel, verdict, reason, category)
) STRICT, WITHOUT ROWID;
CREATE INDEX activity_counts_by_time ON activity_counts (time);
CREATE TABLE activity (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE,
    time INTEGER NOT NULL,
    channel TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('allow', 'block')),
    reason TEXT NOT NULL,
    category TEXT NOT NULL,
    host TEXT NOT NULL,
    count INTEGER NOT NULL
) STRICT;
CREATE INDEX activity_by_time ON activity (time);
CREATE INDEX activity_by_person ON activity (person);
)sql",
    // What passes and is only watched is a verdict of its own.
    R"sql(
ALTER TABLE activity_counts RENAME TO old_counts;
ALTER TABLE activity RENAME TO old_activity;
CREATE TABLE activity_counts (
    person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE,
    time INTEGER NOT NULL,
    channel TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('allow', 'block', 'watch')),
    reason TEXT NOT NULL,
    category TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (person, time, channel, verdict, reason, category)
) STRICT, WITHOUT ROWID;
CREATE TABLE activity (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES people(id) ON DELETE CASCADE,
    time INTEGER NOT NULL,
    channel TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('allow', 'block', 'watch')),
    reason TEXT NOT NULL,
    category TEXT NOT NULL,
    host TEXT NOT NULL,
    count INTEGER NOT NULL
) STRICT;
INSERT INTO activity_counts SELECT * FROM old_counts;
INSERT INTO activity SELECT * FROM old_activity;
DROP TABLE old_counts;
DROP TABLE old_activity;
CREATE INDEX activity_counts_by_time ON activity_counts (time);
CREATE INDEX activity_by_time ON activity (time);
CREATE INDEX activity_by_person ON activity (person);
)sql",
};

}  // namespace hort::store

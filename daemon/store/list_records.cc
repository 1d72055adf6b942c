#include "daemon/store/list_records.h"

namespace hort::store {

Result<std::vector<SubscriptionRecord>> ListRecords::subscriptions() const {
    std::vector<SubscriptionRecord> out;
    const auto read = database_.run(
        "SELECT id, url, kind, category, format, scope, title, etag, last_modified, checked, changed, next_check, "
        "failures, entries, problem FROM subscriptions ORDER BY id",
        {}, [&](const Database::Row& row) {
            SubscriptionRecord record;
            record.id = row.integer(0);
            record.url = row.text(1);
            record.kind = row.text(2);
            record.category = row.text(3);
            record.format = row.text(4);
            record.scope = row.text(5);
            record.title = row.text(6);
            record.etag = row.text(7);
            record.last_modified = row.text(8);
            record.checked = row.integer(9);
            record.changed = row.integer(10);
            record.next_check = row.integer(11);
            record.failures = static_cast<int>(row.integer(12));
            record.entries = row.integer(13);
            record.problem = row.text(14);
            out.push_back(std::move(record));
        });
    if (!read) return read.error();
    return out;
}

Result<std::int64_t> ListRecords::add(const SubscriptionRecord& subscription, const By& by) {
    std::int64_t id = 0;
    const auto done = change_settings(database_, by, [&](Said& trail) -> Status {
        bool exists = false;
        auto run =
            database_.run("SELECT 1 FROM subscriptions WHERE url = ? AND category = ?",
                          {subscription.url, subscription.category}, [&](const Database::Row&) { exists = true; });
        if (exists) return Error{"is subscribed to already", subscription.url, "'hortctl lists show' says how it does"};
        if (run)
            run = database_.run(
                "INSERT INTO subscriptions (url, kind, category, format, scope, title) VALUES (?, ?, ?, ?, ?, ?)",
                {subscription.url, subscription.kind, subscription.category, subscription.format, subscription.scope,
                 subscription.title});
        if (!run) return run.error();
        id = database_.last_id();
        return trail.is("lists add", subscription.url);
    });
    if (!done) return done.error();
    return id;
}

Status ListRecords::remove(std::int64_t id, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        std::string url;
        auto run = database_.run("SELECT url FROM subscriptions WHERE id = ?", {id},
                                 [&](const Database::Row& row) { url = row.text(0); });
        if (run) run = database_.run("DELETE FROM subscriptions WHERE id = ?", {id});
        if (!run) return run.error();
        if (url.empty())
            return Error{"there is no subscription " + std::to_string(id), {}, "'hortctl lists' shows their numbers"};
        return trail.is("lists remove", url);
    });
}

Status ListRecords::save_state(const SubscriptionRecord& s) {
    const auto done = database_.run(
        "UPDATE subscriptions SET etag = ?, last_modified = ?, checked = ?, changed = ?, next_check = ?, failures = ?, "
        "entries = ?, problem = ? WHERE id = ?",
        {s.etag, s.last_modified, s.checked, s.changed, s.next_check, std::int64_t{s.failures}, s.entries, s.problem,
         s.id});
    return done ? Status(Done{}) : Status(done.error());
}

Result<std::vector<BundleRecord>> ListRecords::bundles() const {
    std::vector<BundleRecord> out;
    const auto read = database_.run("SELECT name, serial, key, installed FROM bundles ORDER BY name", {},
                                    [&](const Database::Row& row) {
                                        out.push_back({row.text(0), row.integer(1), row.text(2), row.integer(3)});
                                    });
    if (!read) return read.error();
    return out;
}

Status ListRecords::put_bundle(const BundleRecord& bundle, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        std::int64_t serial = 0;
        auto run = database_.run("SELECT serial FROM bundles WHERE name = ?", {bundle.name},
                                 [&](const Database::Row& row) { serial = row.integer(0); });
        if (serial >= bundle.serial)
            return Error{bundle.name + " has serial " + std::to_string(serial) + ", this one is " +
                             std::to_string(bundle.serial),
                         {},
                         "a release needs a higher serial than the one before"};
        if (run)
            run = database_.run(
                "INSERT INTO bundles (name, serial, key, installed) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE "
                "SET "
                "serial = excluded.serial, key = excluded.key, installed = excluded.installed",
                {bundle.name, bundle.serial, bundle.key, bundle.installed});
        if (!run) return run.error();
        return trail.is("rules install", bundle.name + " serial " + std::to_string(bundle.serial));
    });
}

Status ListRecords::remove_bundle(const std::string& name, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        const auto done = database_.run("DELETE FROM bundles WHERE name = ?", {name});
        if (!done) return done.error();
        if (*done == 0)
            return Error{"there is no bundle " + name, {}, "'hortctl rules status' shows what is installed"};
        return trail.is("rules uninstall", name);
    });
}

Result<std::vector<TrustedKey>> ListRecords::trusted_keys() const {
    std::vector<TrustedKey> out;
    const auto read =
        database_.run("SELECT key, title FROM trusted_keys ORDER BY key", {}, [&](const Database::Row& row) {
            out.push_back({row.text(0), row.text(1)});
        });
    if (!read) return read.error();
    return out;
}

Status ListRecords::trust(const TrustedKey& key, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        const auto done = database_.run(
            "INSERT INTO trusted_keys (key, title) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET title = "
            "excluded.title",
            {key.key, key.title});
        if (!done) return done.error();
        return trail.is("rules trust", key.key + " " + key.title);
    });
}

Status ListRecords::distrust(const std::string& key, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        const auto done = database_.run("DELETE FROM trusted_keys WHERE key = ?", {key});
        if (!done) return done.error();
        if (*done == 0) return Error{"the key is not trusted", key, "'hortctl rules status' shows the trusted keys"};
        return trail.is("rules distrust", key);
    });
}

}  // namespace hort::store

// What the installation knows of lists that come from elsewhere: subscriptions with their state, installed bundles, and
// the keys that may sign bundles. The lists themselves are files; see daemon/lists/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/store/audit.h"

namespace hort::store {

struct SubscriptionRecord {
    std::int64_t id = 0;
    std::string url;
    std::string kind = "list";  // "list", "allow" (an allow-list), "bundle"
    std::string category;       // of a list
    std::string format, scope;  // empty: the content, the format decide
    std::string title;

    std::string etag, last_modified;
    std::int64_t checked = 0, changed = 0, next_check = 0;  // seconds since 1970 UTC; 0: never
    int failures = 0;                                       // since the last success
    std::int64_t entries = 0;                               // of the version in force
    std::string problem;                                    // why the last version is not in force; empty: it is
};

struct BundleRecord {
    std::string name;
    std::int64_t serial = 0;
    std::string key;  // who signed it, 64 hexadecimal digits
    std::int64_t installed = 0;
};

struct TrustedKey {
    std::string key, title;
};

class ListRecords {
  public:
    explicit ListRecords(Database& database) : database_(database) {}

    Result<std::vector<SubscriptionRecord>> subscriptions() const;
    // Returns its id. Refused when the address is there already for that category.
    Result<std::int64_t> add(const SubscriptionRecord& subscription, const By& by);
    Status remove(std::int64_t id, const By& by);
    // What a check found; no change by a person, so no audit row.
    Status save_state(const SubscriptionRecord& subscription);

    Result<std::vector<BundleRecord>> bundles() const;
    // Refused when a bundle of that name has the serial already, or a newer one.
    Status put_bundle(const BundleRecord& bundle, const By& by);
    Status remove_bundle(const std::string& name, const By& by);

    Result<std::vector<TrustedKey>> trusted_keys() const;
    Status trust(const TrustedKey& key, const By& by);
    Status distrust(const std::string& key, const By& by);

  private:
    Database& database_;
};

}  // namespace hort::store

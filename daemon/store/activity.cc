#include "daemon/store/activity.h"

#include <algorithm>

#include "rules/enumerator.h"

namespace hort::store {
namespace {

constexpr std::string_view verdict_names[] = {"allow", "block", "watch"};

std::string_view category_text(const std::optional<Category>& category) {
    return category ? Taxonomy::shipped().id_of(*category) : std::string_view();
}

ActivityCount read_count(const Database::Row& row) {
    ActivityCount out;
    out.time = row.integer(0);
    out.person = row.integer(1);
    out.channel = row.text(2) == "dns" ? ActivityChannel::dns : ActivityChannel::proxy;
    out.verdict = parse_activity_verdict(row.text(3)).value_or(ActivityVerdict::block);
    out.reason = parse_reason(row.text(4)).value_or(Reason::no_rule);
    if (const auto category = Taxonomy::shipped().find(row.text(5))) out.category = *category;
    out.count = static_cast<std::uint64_t>(row.integer(6));
    return out;
}

}  // namespace

std::string_view name_of(ActivityChannel channel) { return channel == ActivityChannel::dns ? "dns" : "proxy"; }

std::string_view name_of(ActivityVerdict verdict) { return verdict_names[static_cast<std::size_t>(verdict)]; }

std::optional<ActivityVerdict> parse_activity_verdict(std::string_view name) {
    return enumerator_named<ActivityVerdict>(name, verdict_names);
}

Status ActivityRecords::add(const std::vector<ActivityCount>& counts, const std::vector<ActivityEntry>& entries) {
    // Nobody known is the household's profile. There is no row for somebody who is gone.
    return database_.transaction([&]() -> Status {
        for (const auto& one : counts) {
            const auto run = database_.run(
                "INSERT INTO activity_counts (person, time, channel, verdict, reason, category, count) "
                "SELECT id, ?, ?, ?, ?, ?, ? FROM people WHERE id = ? OR (? = 0 AND name = 'household' AND kind = "
                "'profile') LIMIT 1 "
                "ON CONFLICT (person, time, channel, verdict, reason, category) DO UPDATE SET count = count + "
                "excluded.count",
                {one.time, name_of(one.channel), name_of(one.verdict), hort::name_of(one.reason),
                 category_text(one.category), static_cast<std::int64_t>(one.count), one.person, one.person});
            if (!run) return run.error();
        }
        for (const auto& one : entries) {
            const auto run = database_.run(
                "INSERT INTO activity (person, time, channel, verdict, reason, category, host, count) "
                "SELECT id, ?, ?, ?, ?, ?, ?, ? FROM people WHERE id = ? OR (? = 0 AND name = 'household' AND kind = "
                "'profile') LIMIT 1",
                {one.time, name_of(one.channel), name_of(one.verdict), hort::name_of(one.reason),
                 category_text(one.category), one.host, static_cast<std::int64_t>(one.count), one.person, one.person});
            if (!run) return run.error();
        }
        return Done{};
    });
}

Result<std::vector<ActivityEntry>> ActivityRecords::entries(std::optional<std::int64_t> person, int limit) const {
    std::vector<ActivityEntry> out;
    const auto read = database_.run(
        "SELECT time, person, channel, verdict, reason, category, count, host FROM activity "
        "WHERE ? = 0 OR person = ? ORDER BY id DESC LIMIT ?",
        {std::int64_t{person.has_value()}, person.value_or(0), std::int64_t{limit}}, [&](const Database::Row& row) {
            out.push_back({read_count(row), row.text(7)});
        });
    if (!read) return read.error();
    return out;
}

Result<std::vector<ActivityCount>> ActivityRecords::counts(std::optional<std::int64_t> person, std::int64_t since,
                                                           int limit) const {
    std::vector<ActivityCount> out;
    const auto read = database_.run(
        "SELECT time, person, channel, verdict, reason, category, count FROM activity_counts "
        "WHERE (? = 0 OR person = ?) AND time >= ? ORDER BY time DESC, count DESC LIMIT ?",
        {std::int64_t{person.has_value()}, person.value_or(0), since, std::int64_t{limit}},
        [&](const Database::Row& row) { out.push_back(read_count(row)); });
    if (!read) return read.error();
    return out;
}

Status ActivityRecords::forget(std::int64_t entries_before, std::int64_t counts_before) {
    for (const auto& [sql, before] : {std::pair("DELETE FROM activity WHERE time < ?", entries_before),
                                      std::pair("DELETE FROM activity_counts WHERE time < ?", counts_before)})
        if (const auto run = database_.run(sql, {before}); !run) return run.error();
    return Done{};
}

Status ActivityRecords::reduce(bool keeps_counts, bool keeps_blocked, bool keeps_allowed) {
    for (const auto& [sql, keeps] : {std::pair("DELETE FROM activity_counts", keeps_counts),
                                     std::pair("DELETE FROM activity WHERE verdict = 'block'", keeps_blocked),
                                     std::pair("DELETE FROM activity WHERE verdict = 'allow'", keeps_allowed)})
        if (!keeps)
            if (const auto run = database_.run(sql, {}); !run) return run.error();
    return Done{};
}

}  // namespace hort::store

#include "daemon/lists/subscription_check.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "platform/mapped_file.h"
#include "rules/list_intake.h"

namespace hort::lists {
namespace {

constexpr std::size_t max_includes = 1000;

Status write_text(const std::string& path, const std::string& text) {
    return platform::write_file_atomically(path, std::as_bytes(std::span(text)));
}

bool is_plain_name(const std::string& name) {
    return !name.empty() && name.front() != '.' && name.find_first_of("/\\:?#%") == std::string::npos;
}

struct Contents {
    std::string main;
    std::map<std::string, std::string> includes;
};

std::int64_t count_entries(const store::SubscriptionRecord& record, const Contents& contents) {
    std::int64_t count = 0;
    IntakeSinks sinks;
    sinks.name = [&](const Hostname&, Scope, std::uint32_t) { ++count; };
    sinks.rule = [&](const ListRule&, std::uint32_t) -> Status {
        ++count;
        return Done{};
    };
    const auto given = parse_list_format(record.format);
    const auto include = [&](const std::string& name) -> std::optional<std::string> {
        const auto it = contents.includes.find(name);
        return it == contents.includes.end() ? std::nullopt : std::optional(it->second);
    };
    (void)take_list({record.url, given ? *given : detect_list_format(contents.main), {}, {}}, contents.main, include,
                    sinks);
    return count;
}

// Follows the includes of a v2fly list; they stand beside it.
Status fetch_includes(const std::string& url, const Fetch& fetch, Contents& contents) {
    std::vector<std::string> waiting = {contents.main};
    while (!waiting.empty()) {
        const auto text = std::move(waiting.back());
        waiting.pop_back();
        std::vector<std::string> names;
        ListSinks sinks;
        sinks.name = [](const ListEntry&) {};
        sinks.include = [&](const ListInclude& include, std::uint32_t) { names.push_back(include.name); };
        (void)read_list(text, ListFormat::v2fly, sinks);
        for (const auto& name : names) {
            if (!is_plain_name(name) || contents.includes.contains(name)) continue;
            if (contents.includes.size() == max_includes) return Error{"includes more than 1,000 lists", url, {}};
            const auto beside = url.substr(0, url.rfind('/') + 1) + name;
            auto fetched = fetch({beside, {}, {}, max_subscription, fetch_seconds, {}});
            if (!fetched) return fetched.error();
            waiting.push_back(fetched->body);
            contents.includes[name] = std::move(fetched->body);
        }
    }
    return Done{};
}

}  // namespace

SubscriptionCheck check_subscription(const store::SubscriptionRecord& old, const std::string& folder,
                                     const Fetch& fetch, std::int64_t now, double chance,
                                     const std::function<bool(std::uint64_t, std::uint64_t)>& progress) {
    SubscriptionCheck out{old, false, {}};
    auto& record = out.record;
    const auto spread = [&](std::int64_t seconds) {
        return static_cast<std::int64_t>(static_cast<double>(seconds) * (0.9 + 0.2 * chance));
    };
    record.checked = now;
    const auto fail = [&](const std::string& what) {
        const int doublings = std::min(record.failures, 10);
        ++record.failures;
        record.next_check = now + spread(std::min(first_retry << doublings, check_interval));
        record.problem = what;
        return out;
    };
    const auto succeed = [&] {
        record.failures = 0;
        record.problem.clear();
        record.next_check = now + spread(check_interval);
        return out;
    };

    const auto path = folder + "/" + std::to_string(record.id) + ".list";
    const auto include_folder = folder + "/" + std::to_string(record.id) + ".includes";
    const bool is_bundle = record.kind == "bundle", has_includes = record.format == "v2fly";
    std::error_code ignored;
    // What is not there any more is fetched again, whatever the server remembers of us.
    const bool is_there = is_bundle || std::filesystem::exists(path, ignored);
    platform::FetchRequest request{record.url, {}, {}, max_subscription, fetch_seconds, progress};
    if (is_there && !has_includes) request.etag = record.etag, request.last_modified = record.last_modified;
    auto fetched = fetch(request);
    if (!fetched) {
        auto error = fetched.error();
        if (error.where == record.url) error.where.clear();  // whoever shows it says which list it is
        return fail(error.text());
    }
    if (fetched->is_unchanged) return succeed();

    if (is_bundle) {
        out.bundle = std::move(fetched->body);
        out.is_changed = true;
        record.etag = fetched->etag;
        record.last_modified = fetched->last_modified;
        return succeed();
    }
    Contents contents{std::move(fetched->body), {}};
    if (has_includes)
        if (auto done = fetch_includes(record.url, fetch, contents); !done) return fail(done.error().text());

    bool is_same = is_there;
    if (is_same) {
        const auto kept = platform::read_file(path, max_subscription);
        is_same = kept && *kept == contents.main;
        for (auto it = contents.includes.begin(); is_same && it != contents.includes.end(); ++it) {
            const auto included = platform::read_file(include_folder + "/" + it->first, max_subscription);
            is_same = included && *included == it->second;
        }
    }
    if (!is_same) {
        const auto entries = count_entries(record, contents);
        if (entries == 0) return fail("the new version has no entry; the last good one is kept");
        if (entries * 2 < record.entries)
            return fail("the new version has " + std::to_string(entries) + " entries, the one in force " +
                        std::to_string(record.entries) + ": it is kept (remove and add the list to take the new one)");
        if (!contents.includes.empty()) {
            std::filesystem::create_directory(include_folder, ignored);
            for (const auto& [name, text] : contents.includes)
                if (auto written = write_text(include_folder + "/" + name, text); !written)
                    return fail(written.error().text());
        }
        if (auto written = write_text(path, contents.main); !written) return fail(written.error().text());
        record.entries = entries;
        record.changed = now;
        out.is_changed = true;
    }
    record.etag = fetched->etag;
    record.last_modified = fetched->last_modified;
    return succeed();
}

}  // namespace hort::lists

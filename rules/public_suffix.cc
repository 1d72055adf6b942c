#include "rules/public_suffix.h"

#include <algorithm>
#include <bitset>
#include <string>
#include <vector>

#include "rules/data/shipped.h"

namespace hort {
namespace {

// The list's rules in one text, sorted; about 250 KB.
class Suffixes {
  public:
    explicit Suffixes(std::string_view list) {
        auto section = PublicSuffix::none;
        while (!list.empty()) {
            const auto end = list.find('\n');
            auto line = list.substr(0, end);
            list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
            if (line.find("===BEGIN ICANN DOMAINS===") != std::string_view::npos) section = PublicSuffix::registry;
            if (line.find("===BEGIN PRIVATE DOMAINS===") != std::string_view::npos) section = PublicSuffix::platform;
            line = line.substr(0, line.find_first_of(" \t\r"));
            if (line.empty() || line.starts_with("//") || section == PublicSuffix::none) continue;
            auto kind = Kind::name;
            // Who lists the name above a wildcard means all of them, so that name counts as a suffix, too.
            if (line.starts_with("*.")) kind = Kind::wildcard, line.remove_prefix(2);
            if (line.starts_with('!')) kind = Kind::exception, line.remove_prefix(1);
            if (const auto host = Hostname::parse(line)) add(host->text(), kind, section);
        }
        std::sort(rules_.begin(), rules_.end(), [&](const Rule& a, const Rule& b) { return text(a) < text(b); });
    }

    PublicSuffix of(const Hostname& host) const {
        if (has(host.text(), Kind::exception)) return PublicSuffix::none;
        for (const auto kind : {Kind::name, Kind::wildcard})
            if (const auto* rule = has(host.text(), kind)) return rule->section;
        if (host.label_count() < 2) return PublicSuffix::none;
        const auto* rule = has(host.suffix(host.label_count() - 1), Kind::wildcard);
        return rule != nullptr ? rule->section : PublicSuffix::none;
    }

  private:
    enum class Kind : std::uint8_t { name, wildcard, exception };
    struct Rule {
        std::uint32_t at;
        std::uint8_t size;
        Kind kind;
        PublicSuffix section;
    };

    void add(std::string_view name, Kind kind, PublicSuffix section) {
        rules_.push_back(
            {static_cast<std::uint32_t>(names_.size()), static_cast<std::uint8_t>(name.size()), kind, section});
        names_ += name;
        seen_[slot(name)] = true;
    }
    static std::size_t slot(std::string_view name) { return std::hash<std::string_view>()(name) % filter_size; }
    std::string_view text(const Rule& rule) const { return std::string_view(names_).substr(rule.at, rule.size); }

    const Rule* has(std::string_view name, Kind kind) const {
        if (!seen_[slot(name)]) return nullptr;
        auto it = std::lower_bound(rules_.begin(), rules_.end(), name,
                                   [&](const Rule& rule, std::string_view wanted) { return text(rule) < wanted; });
        for (; it != rules_.end() && text(*it) == name; ++it)
            if (it->kind == kind) return &*it;
        return nullptr;
    }

    std::string names_;
    std::vector<Rule> rules_;
    // A bit for each name: every entry of every list is asked for, and hardly any is a suffix.
    static constexpr std::size_t filter_size = 1 << 17;
    std::bitset<filter_size> seen_;
};

}  // namespace

PublicSuffix public_suffix(const Hostname& host) {
    static const Suffixes suffixes(data::public_suffix_list_dat);
    return suffixes.of(host);
}

}  // namespace hort

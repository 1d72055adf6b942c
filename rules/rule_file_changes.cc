#include "rules/rule_file_changes.h"

#include <algorithm>
#include <set>

#include "rules/rule_file_compile.h"

namespace hort {
namespace {

using Lines = std::set<std::string>;

std::string during(const RuleFile& file, const std::optional<ScheduleIndex>& index) {
    return index ? " during " + file.schedules[*index].name : std::string();
}

// Everything that holds for a profile by itself and by inheritance, a line each.
Lines describe(const RuleFile& file, std::size_t index) {
    std::vector<const RuleFile::ProfileText*> line;
    for (std::optional<std::size_t> at = index; at; at = file.profiles[*at].parent) line.push_back(&file.profiles[*at]);
    std::reverse(line.begin(), line.end());
    Lines out;
    std::string tier, online, only, safe, mode, watched, domains;
    std::vector<RuleFile::Rule> rules;
    for (const auto* text : line) {
        if (text->tier) tier = "tier " + std::string(name_of(*text->tier));
        if (text->online) online = "online" + during(file, text->online);
        if (text->is_allow_list_only) only = *text->is_allow_list_only ? "only what is allowed" : "";
        if (text->has_safe_search) safe = *text->has_safe_search ? "safe search" : "no safe search";
        if (text->is_watched_only) watched = *text->is_watched_only ? "only watched" : "";
        if (text->google_domains)
            domains = text->google_domains->empty() ? "" : "Google accounts of " + *text->google_domains;
        if (text->restricted_mode) mode = "restricted mode " + std::string(name_of(*text->restricted_mode));
        std::erase_if(rules, [&](const RuleFile::Rule& old) {
            return std::any_of(text->rules.begin(), text->rules.end(),
                               [&](const RuleFile::Rule& rule) { return rule.subject == old.subject; });
        });
        rules.insert(rules.end(), text->rules.begin(), text->rules.end());
    }
    for (const auto& fact : {tier, online, only, safe, mode, watched, domains})
        if (!fact.empty()) out.insert(fact);
    for (const auto& rule : rules)
        out.insert(std::string(name_of(rule.verdict)) + " " + rule.subject + during(file, rule.during) +
                   (rule.is_always ? " always" : ""));
    return out;
}

void compare(const Lines& old, const Lines& now, const std::string& before, std::vector<std::string>& out) {
    for (const auto& line : old)
        if (!now.contains(line)) out.push_back(before + "- " + line);
    for (const auto& line : now)
        if (!old.contains(line)) out.push_back(before + "+ " + line);
}

// "category name", with its reach where it is not all below.
Lines names_of(const RuleFile& file, const std::vector<Bundle::File>& files) {
    Lines out;
    const auto content_of = [&](const std::string& path) -> const std::string* {
        const auto it = std::find_if(files.begin(), files.end(), [&](const Bundle::File& f) { return f.path == path; });
        return it == files.end() ? nullptr : &it->content;
    };
    for (std::size_t i = 0; i < file.lists.size(); ++i) {
        const auto& list = file.lists[i];
        const auto* content = content_of(bundle_path_of(list, i));
        if (content == nullptr) continue;
        const auto category = list.category ? std::string(Taxonomy::shipped().id_of(*list.category)) : "allow";
        IntakeSinks sinks;
        sinks.name = [&](const Hostname& host, Scope scope, std::uint32_t) {
            out.insert(category + " " + std::string(host.text()) + (scope == Scope::exact ? " (exact)" : ""));
        };
        sinks.rule = [&](const ListRule& rule, std::uint32_t) -> Status {
            out.insert(category + " rule " + (rule.signature.empty() ? rule.text : rule.signature));
            return Done{};
        };
        const auto include = [&](const std::string& name) -> std::optional<std::string> {
            const auto* text = content_of(bundle_include_folder_of(list, i) + name);
            return text == nullptr ? std::nullopt : std::optional(*text);
        };
        const auto format = list.format ? *list.format : detect_list_format(*content);
        (void)take_list({list.address(), format, list.category, list.scope}, *content, include, sinks);
    }
    return out;
}

}  // namespace

RuleFileChanges changes_between(const RuleFile* old, const std::vector<Bundle::File>& old_files, const RuleFile& now,
                                const std::vector<Bundle::File>& new_files) {
    RuleFileChanges out;
    const auto find = [](const RuleFile& file, const std::string& name) -> std::optional<std::size_t> {
        for (std::size_t i = 0; i < file.profiles.size(); ++i)
            if (file.profiles[i].name == name) return i;
        return std::nullopt;
    };
    for (std::size_t i = 0; i < now.profiles.size(); ++i) {
        const auto& name = now.profiles[i].name;
        const auto was = old != nullptr ? find(*old, name) : std::nullopt;
        compare(was ? describe(*old, *was) : Lines(), describe(now, i), name + ": ", out.profiles);
    }
    for (std::size_t i = 0; old != nullptr && i < old->profiles.size(); ++i)
        if (!find(now, old->profiles[i].name)) out.profiles.push_back(old->profiles[i].name + ": the profile is gone");
    const auto groups = [](const RuleFile& file) {
        Lines lines;
        for (const auto& group : file.groups)
            lines.insert("group " + group.name + " has the profile " + file.profiles[group.profile].name);
        return lines;
    };
    compare(old != nullptr ? groups(*old) : Lines(), groups(now), {}, out.profiles);
    const auto schedules = [](const RuleFile& file) {
        Lines lines;
        for (const auto& schedule : file.schedules) lines.insert("schedule " + schedule.name + ": " + schedule.text());
        return lines;
    };
    compare(old != nullptr ? schedules(*old) : Lines(), schedules(now), {}, out.profiles);

    const auto before = old != nullptr ? names_of(*old, old_files) : Lines(), after = names_of(now, new_files);
    const auto put = [&](const char* sign, const std::string& line, std::size_t& count) {
        ++count;
        if (out.names.size() < RuleFileChanges::max_names) out.names.push_back(sign + line);
    };
    for (const auto& line : before)
        if (!after.contains(line)) put("- ", line, out.removed_names);
    for (const auto& line : after)
        if (!before.contains(line)) put("+ ", line, out.added_names);
    return out;
}

}  // namespace hort

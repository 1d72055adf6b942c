// Lists and subscriptions.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/control/handlers.h"
#include "rules/subscription.h"

namespace hort::control::handlers {
namespace {

using nlohmann::json;

json report_json(const hort::lists::ListInfo& list) {
    return {{"category", list.file.category ? std::string(Taxonomy::shipped().id_of(*list.file.category)) : "allow"},
            {"list", list.file.name},
            {"format", name_of(list.format)},
            {"accepted", list.report.accepted},
            {"skipped", list.report.skipped},
            {"refused", list.report.refused},
            {"problems", list.report.problems}};
}

json subscription_json(const store::SubscriptionRecord& s) {
    return {{"id", s.id},
            {"url", s.url},
            {"kind", s.kind},
            {"category", s.kind == "list" ? s.category : s.kind},
            {"format", s.format},
            {"scope", s.scope},
            {"title", s.title},
            {"entries", s.entries},
            {"checked", s.checked},
            {"changed", s.changed},
            {"next_check", s.next_check},
            {"failures", s.failures},
            {"problem", s.problem}};
}

Status check_url(const std::string& url) {
    for (const char* scheme : {"https://", "http://", "file:///"})
        if (url.starts_with(scheme) && url.size() > std::string_view(scheme).size() && url.size() <= 2000 &&
            std::all_of(url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7f; }))
            return Done{};
    return Error{"no address of a list", url.substr(0, 80), "expected https://..., http://... or file:///..."};
}

Result<store::SubscriptionRecord> record_of(const json& params) {
    store::SubscriptionRecord out;
    out.url = params.at("url");
    if (auto checked = check_url(out.url); !checked) return checked.error();
    const bool is_allow_list = params.value("allow", false), is_bundle = params.value("bundle", false);
    const int kinds = (is_allow_list ? 1 : 0) + (is_bundle ? 1 : 0) + (params.contains("category") ? 1 : 0);
    if (kinds != 1)
        return Error{kinds == 0 ? "what the list is about is not said" : "a list is one of them only",
                     {},
                     "expected --category CATEGORY, --allow or --bundle"};
    out.kind = is_bundle ? "bundle" : is_allow_list ? "allow" : "list";
    out.category = params.value("category", "");
    out.format = params.value("format", "");
    if (!out.format.empty())
        if (const auto format = parse_list_format(out.format); !format) return format.error();
    out.scope = params.value("scope", "");
    if (!out.scope.empty() && out.scope != "exact" && out.scope != "subtree")
        return Error{"no scope", out.scope, "expected exact or subtree"};
    out.title = params.value("title", "");
    return out;
}

Result<json> started(Household& household, std::vector<std::int64_t> ids, std::string message) {
    if (auto begun = household.keeper.update(std::move(ids)); !begun) return begun.error();
    return json{{"message", std::move(message)}, {"update_runs", true}};
}

}  // namespace

Result<json> lists(Household& household, const Caller&, const json&) {
    const auto& library = household.keeper.library();
    json out = {{"lists", json::array()},
                {"subscriptions", json::array()},
                {"categories", json::array()},
                {"warnings", library.warnings}};
    for (const auto& list : library.lists) out["lists"].push_back(report_json(list));
    const auto subscriptions = household.records.subscriptions();
    if (!subscriptions) return subscriptions.error();
    for (const auto& subscription : *subscriptions) out["subscriptions"].push_back(subscription_json(subscription));
    const auto& taxonomy = Taxonomy::shipped();
    for (std::size_t i = 0; i < taxonomy.entries().size(); ++i) {
        const auto& entry = taxonomy.entries()[i];
        json tiers = json::array();
        for (int tier = 0; tier < 4; ++tier)
            if (taxonomy.blocked_by(static_cast<Tier>(tier)).contains(static_cast<Category>(i)))
                tiers.push_back(name_of(static_cast<Tier>(tier)));
        out["categories"].push_back({{"id", entry.id},
                                     {"title", entry.title.en},
                                     {"title_de", entry.title.de},
                                     {"description", entry.description.en},
                                     {"description_de", entry.description.de},
                                     {"blocked_for", tiers}});
    }
    return out;
}

Result<json> lists_show(Household& household, const Caller&, const json& params) {
    const auto id = params.at("id").get<std::int64_t>();
    const auto subscriptions = household.records.subscriptions();
    if (!subscriptions) return subscriptions.error();
    for (const auto& subscription : *subscriptions) {
        if (subscription.id != id) continue;
        auto out = subscription_json(subscription);
        const auto& library = household.keeper.library();
        for (const auto& list : library.lists)
            if (list.file.name == subscription.url) out["list"] = report_json(list);
        out["narrowed"] = json::array();
        for (const auto& line : library.narrowed)
            if (line.starts_with(subscription.url + ":") && out["narrowed"].size() < 50)
                out["narrowed"].push_back(line);
        return out;
    }
    return Error{"there is no subscription " + std::to_string(id), {}, "'hortctl lists' shows their numbers"};
}

Result<json> lists_add(Household& household, const Caller& caller, const json& params) {
    if (household.keeper.progress().is_running)
        return Error{"an update runs already", {}, "'hortctl lists progress' shows how far it is"};
    if (params.at("url") == "defaults") {
        const auto known = household.records.subscriptions();
        if (!known) return known.error();
        std::vector<std::int64_t> ids;
        for (const auto& offer : SubscriptionCatalogue::shipped().all()) {
            const std::string category(Taxonomy::shipped().id_of(offer.category));
            const bool is_there = std::any_of(known->begin(), known->end(), [&](const store::SubscriptionRecord& s) {
                return s.url == offer.url && s.category == category;
            });
            if (!offer.is_default || is_there || params.value("category", category) != category) continue;
            store::SubscriptionRecord record;
            record.url = offer.url;
            record.category = category;
            record.format = name_of(offer.format);
            record.title = offer.title;
            const auto id = household.records.add(record, by(caller));
            if (!id) return id.error();
            ids.push_back(*id);
        }
        if (ids.empty()) return json{{"message", "All of them are subscribed to already."}};
        return started(household, ids, std::to_string(ids.size()) + " lists are subscribed to; they are fetched now.");
    }
    const auto record = record_of(params);
    if (!record) return record.error();
    const auto id = household.records.add(*record, by(caller));
    if (!id) return id.error();
    return started(household, {*id}, "Subscription " + std::to_string(*id) + " is added; it is fetched now.");
}

void lists_remove(Household& household, const Caller& caller, const json& params, Answer answer) {
    const auto id = params.at("id").get<std::int64_t>();
    if (household.keeper.progress().is_running)
        return answer(
            Error{"an update runs", {}, "try again when it has ended; 'hortctl lists progress' shows how far it is"});
    if (auto removed = household.records.remove(id, by(caller)); !removed) return answer(removed.error());
    household.keeper.reload([answer, id](const Status& done) {
        if (!done) return answer(done.error());
        answer(json{{"message", "Subscription " + std::to_string(id) + " is removed; its entries are out of force."}});
    });
}

Result<json> lists_update(Household& household, const Caller&, const json& params) {
    const auto subscriptions = household.records.subscriptions();
    if (!subscriptions) return subscriptions.error();
    const auto wanted = params.value("id", json::array());
    std::vector<std::int64_t> ids;
    for (const auto& s : *subscriptions)
        if (wanted.empty() || std::find(wanted.begin(), wanted.end(), s.id) != wanted.end()) ids.push_back(s.id);
    if (ids.empty())
        return Error{wanted.empty() ? "there are no subscriptions" : "there is no such subscription",
                     {},
                     "'hortctl lists add' adds one; 'hortctl lists' shows their numbers"};
    return started(household, ids,
                   std::to_string(ids.size()) + (ids.size() == 1 ? " list is" : " lists are") + " looked at.");
}

Result<json> lists_progress(Household& household, const Caller&, const json&) {
    const auto now = household.keeper.progress();
    json out = {{"is_running", now.is_running}, {"done", now.done},         {"total", now.total},
                {"current", now.current},       {"received", now.received}, {"expected", now.expected},
                {"results", json::array()}};
    for (const auto& result : now.results)
        out["results"].push_back({{"text", result.text}, {"is_good", result.is_good}});
    return out;
}

}  // namespace hort::control::handlers

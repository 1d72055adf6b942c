#include "rules/service.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "rules/ascii.h"
#include "rules/data/read_shipped.h"
#include "rules/data/shipped.h"
#include "rules/nearest.h"

namespace hort {

Result<Services> Services::parse(std::string_view text) {
    using nlohmann::json;
    const auto parsed = json::parse(text, nullptr, false, true);
    if (!parsed.is_object() || !parsed.contains("services") || !parsed["services"].is_array())
        return Error{"not a list of services", {}, "expected an object with an array \"services\""};
    Services out;
    try {
        for (const auto& item : parsed["services"]) {
            Service service{item.at("id"), item.at("title"), item.at("kind"), {}, {}, {}, {}, {}};
            const auto where = "service " + service.id;
            if (Taxonomy::shipped().find(service.id)) return Error{"is called like a category", where, {}};
            for (const auto& id : item.at("categories")) {
                const auto category = Taxonomy::shipped().find(id.get<std::string>());
                if (!category) return Error{category.error().text(), where, {}};
                service.categories = service.categories | CategorySet::of(*category);
            }
            for (const auto& name : item.at("hosts")) {
                const auto host = Hostname::parse(name.get<std::string>());
                if (!host) return Error{host.error().text(), where, {}};
                if (host->label_count() < 2) return Error{"a single label is no site", where, {}};
                service.hosts.push_back(*host);
            }
            const std::vector<std::string> none;
            service.executables = item.value("executables", none);
            service.desktop_ids = item.value("desktop_ids", none);
            service.flatpak_ids = item.value("flatpak_ids", none);
            if (service.hosts.empty() && service.executables.empty())
                return Error{"has neither hosts nor programs", where, {}};
            out.all_.push_back(std::move(service));
        }
    } catch (const json::exception& fault) {
        return Error{"service " + std::to_string(out.all_.size() + 1) + " is not written as one", {}, fault.what()};
    }
    std::sort(out.all_.begin(), out.all_.end(), [](const Service& a, const Service& b) { return a.id < b.id; });
    for (std::size_t i = 1; i < out.all_.size(); ++i)
        if (out.all_[i].id == out.all_[i - 1].id) return Error{"stands twice", "service " + out.all_[i].id, {}};
    return out;
}

const Services& Services::shipped() {
    static const Services services = data::read_shipped("services.json", data::services_json, parse);
    return services;
}

bool Service::has_host(const Hostname& host) const {
    return std::any_of(hosts.begin(), hosts.end(), [&](const Hostname& name) { return host.is_or_is_below(name); });
}

bool Service::has_program(std::string_view name) const {
    const auto key = program_key(name);
    for (const auto* names : {&executables, &desktop_ids, &flatpak_ids})
        if (std::any_of(names->begin(), names->end(), [&](const auto& one) { return program_key(one) == key; }))
            return true;
    return false;
}

std::vector<std::string> Service::programs() const {
    auto out = executables;
    for (const auto* names : {&desktop_ids, &flatpak_ids}) out.insert(out.end(), names->begin(), names->end());
    return out;
}

std::string program_key(std::string_view name) { return name.starts_with('/') ? std::string(name) : lower(name); }

bool is_program_name(std::string_view name) {
    if (name.empty() || name.find(',') != std::string_view::npos) return false;
    if (name.starts_with('/')) return name.size() <= 900 && !name.ends_with('/') && name.find("//") == name.npos;
    return name.size() <= 100 && name.find_first_of("/\\") == std::string_view::npos;
}

const Service* Services::find(std::string_view id) const {
    const auto it = std::lower_bound(all_.begin(), all_.end(), id, [](const Service& service, std::string_view wanted) {
        return service.id < wanted;
    });
    return it == all_.end() || it->id != id ? nullptr : &*it;
}

std::string_view Services::nearest_id(std::string_view id) const {
    std::vector<std::string_view> ids;
    for (const auto& service : all_) ids.push_back(service.id);
    return nearest(id, ids);
}

}  // namespace hort
